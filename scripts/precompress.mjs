/**
 * Lays a Brotli and a gzip form beside every file of the built dashboard that gains by it: work that is done once here, at
 * the highest levels, and never for a request. Part of the dashboard's build (`node scripts/precompress.mjs FOLDER`).
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Fonts and pictures are compressed already. */
const COMPRESSIBLE = /\.(js|css|html|svg|json|txt|webmanifest)$/;
/** Below this a file fits into one packet, bytes. */
const MIN_BYTES = 860;

const [folder = ''] = process.argv.slice(2);
const files = (await readdir(folder, { recursive: true })).filter((name) => COMPRESSIBLE.test(name));
await Promise.all(
  files.map(async (name) => {
    const file = path.join(folder, name);
    const content = await readFile(file);
    if (content.length < MIN_BYTES) return;
    const forms = {
      br: await promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
      gz: await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
    };
    for (const [extension, bytes] of Object.entries(forms)) {
      if (bytes.length < content.length) await writeFile(`${file}.${extension}`, bytes);
    }
  }),
);
