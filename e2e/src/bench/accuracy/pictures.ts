import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Box } from '@media-analyzer/protocol';
import * as z from 'zod';
import { testMedia } from '../../harness/paths.js';
import { transcodeFile } from '../../harness/transcode.js';

/** Length of a picture's clip, ms, and how much of the picture the moving window shows of each side. */
const LENGTH_MS = 1500;
const WINDOW = 0.92;
const RATE = 10;

const annotations = z.object({
  images: z.array(z.object({ id: z.number(), file_name: z.string(), width: z.number(), height: z.number() })),
  categories: z.array(z.object({ id: z.number(), name: z.string() })),
  annotations: z.array(
    z.object({
      image_id: z.number(),
      category_id: z.number(),
      bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      iscrowd: z.number().default(0),
    }),
  ),
});

/** An object of a picture. */
export interface TrueBox {
  readonly label: string;
  /** 0..1 of the whole picture. */
  readonly box: Box;
  /** Pixels of the whole picture; COCO calls an object small below 32 x 32. */
  readonly area: number;
  /** A crowd drawn as one: what lies in it is neither right nor wrong. */
  readonly crowd: boolean;
}

/** A COCO picture made a clip: a window moves slowly over it, so every box is known on every frame. */
export interface MovingPicture {
  readonly name: string;
  readonly objects: readonly TrueBox[];
  /** Makes the clip, once. */
  file(): Promise<string>;
}

/** The annotated pictures of `TEST_MEDIA/coco`, in their order. */
export async function movingPictures(): Promise<readonly MovingPicture[]> {
  const folder = testMedia('coco/annotations');
  const name = (await readdir(folder)).find((one) => one.endsWith('.json'));
  if (!name) throw new Error(`${folder} has no annotations`);
  const coco = annotations.parse(JSON.parse(await readFile(path.join(folder, name), 'utf8')));
  const labels = new Map(coco.categories.map((category) => [category.id, category.name]));
  return coco.images
    .map((image) => {
      const { width, height } = image;
      const source = testMedia(`coco/val2017/${image.file_name}`);
      return {
        name: image.file_name,
        source,
        objects: coco.annotations
          .filter((one) => one.image_id === image.id)
          .map(
            ({ category_id, bbox: [x, y, w, h], iscrowd }): TrueBox => ({
              label: labels.get(category_id) ?? String(category_id),
              box: [x / width, y / height, w / width, h / height],
              area: w * h,
              crowd: iscrowd !== 0,
            }),
          ),
        file: () =>
          transcodeFile(source, 'moving', [
            ...[
              '-vf',
              `loop=loop=-1:size=1,fps=${RATE},trim=duration=${LENGTH_MS / 1000},crop=floor(iw*${WINDOW}/2)*2:floor(ih*${WINDOW}/2)*2:(iw-ow)*t*${1000 / LENGTH_MS}:(ih-oh)*t*${1000 / LENGTH_MS}`,
            ],
            ...['-c:v', 'libx264', '-preset', 'fast', '-crf', '20', '-pix_fmt', 'yuv420p', '-an'],
          ]),
      };
    })
    .filter(({ source }) => existsSync(source));
}

/** Where an object of the picture is in the window at this time, 0..1, not cut; its visible part may be less. */
export function boxInWindow([x, y, width, height]: Box, ptsMs: number): Box {
  const offset = (1 - WINDOW) * (ptsMs / LENGTH_MS);
  return [(x - offset) / WINDOW, (y - offset) / WINDOW, width / WINDOW, height / WINDOW];
}
