/**
 * The language of the page. Texts are marked in the sources (`i18n`, `$localize`) in English; a translation is a file in
 * `public/i18n`, loaded before anything of the application is: texts are looked up when they are first needed.
 */
import { registerLocaleData } from '@angular/common';
import { loadTranslations } from '@angular/localize';
import { readText, writeSetting } from '../shared/local-setting';

/** A language of the dashboard. */
export interface Language {
  /** BCP 47; names the file of the translation. */
  readonly code: string;
  /** In the language itself. */
  readonly name: string;
  /** Angular's plurals, numbers and dates of it; null for those that are built in, and for texts that need no translation. */
  readonly data: (() => Promise<{ default: unknown }>) | null;
}

/** English, in which the sources are written, and one line for each translation. */
export const LANGUAGES: readonly Language[] = [
  { code: 'en', name: 'English', data: null },
  { code: 'de', name: 'Deutsch', data: () => import('@angular/common/locales/de') },
];
const ENGLISH = LANGUAGES[0]!;
const SETTING = 'language';

/** A translation as it lies in its file: by the message's id, the text in the sources and in the language. */
export type Translation = Readonly<Record<string, { readonly source: string; readonly target: string }>>;

/** The language that fits: what the viewer chose, else the first of the browser's that there is, else English. */
export function chooseLanguage(chosen: string | null, preferred: readonly string[]): Language {
  for (const wanted of chosen === null ? preferred : [chosen, ...preferred]) {
    const language = LANGUAGES.find(({ code }) => code === wanted || code === wanted.split('-', 1)[0]);
    if (language) return language;
  }
  return ENGLISH;
}

/**
 * Makes ready for the language of this viewer. Must end before any module with texts is loaded.
 * @returns what Angular calls the locale; English when the translation cannot be had
 */
export async function prepareLanguage(fetchFile: typeof fetch = fetch): Promise<string> {
  const language = chooseLanguage(readText(SETTING), navigator.languages);
  const { code, data } = language;
  if (data === null) return 'en-US';
  try {
    const [response, locale] = await Promise.all([fetchFile(new URL(`i18n/${code}.json`, document.baseURI)), data()]);
    if (!response.ok) throw new Error(`${response.url} was answered with ${response.status}`);
    const translation: Translation = await response.json();
    // What is not translated yet has an empty target, and stays English.
    const texts = Object.entries(translation).flatMap(([id, { target }]) => (target === '' ? [] : [[id, target]]));
    loadTranslations(Object.fromEntries(texts));
    registerLocaleData(locale.default, code);
    document.documentElement.lang = code;
    return code;
  } catch (error) {
    console.warn(`The translation to ${language.name} could not be loaded; texts are English`, error);
    return 'en-US';
  }
}

/** Keeps the choice and shows the page in it: texts are looked up once, so the page is loaded anew. */
export function switchLanguage(code: string): void {
  writeSetting(SETTING, code);
  location.reload();
}
