/**
 * `npm run i18n`: writes the texts of the dashboard to one file (`apps/dashboard/i18n/messages.json`) and brings every
 * translation up to date with them: new messages wait there with an empty `target`. `npm run i18n -- fr` begins one.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {
  extractMessages,
  followMessages,
  MESSAGES_FILE,
  problemsOf,
  readTranslations,
  TRANSLATIONS_FOLDER,
  writeJson,
} from './lib/translations.mjs';
import { ensureInstalled, main } from './lib/workspace.mjs';

await main(async () => {
  await ensureInstalled();
  const messages = await extractMessages();
  await mkdir(path.dirname(MESSAGES_FILE), { recursive: true });
  await writeJson(MESSAGES_FILE, messages);
  console.log(`${Object.keys(messages).length} texts.`);

  for (const language of process.argv.slice(2)) {
    const file = path.join(TRANSLATIONS_FOLDER, `${language}.json`);
    if (!existsSync(file)) await writeJson(file, {});
  }
  for (const { language, file, translation } of await readTranslations()) {
    const updated = followMessages(messages, translation);
    await writeJson(file, updated);
    const open = problemsOf(messages, updated);
    console.log(open.length === 0 ? `${language}: complete.` : `${language}: ${open.length} to do in ${file}`);
  }
});
