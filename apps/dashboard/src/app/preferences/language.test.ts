import { clearTranslations } from '@angular/localize';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeSetting } from '../shared/local-setting';
import { chooseLanguage, LANGUAGES, prepareLanguage } from './language';

describe('the language', () => {
  it.each([
    [null, ['de-AT', 'en'], 'de'],
    [null, ['fr', 'de'], 'de'],
    [null, ['fr', 'ja'], 'en'],
    [null, [], 'en'],
    ['en', ['de'], 'en'],
    ['de', ['en'], 'de'],
    ['xx', ['de'], 'de'],
  ])('chosen %o, browser %o: %s', (chosen, preferred, code) => {
    expect(chooseLanguage(chosen, preferred).code).toBe(code);
  });

  it('is named in itself', () => {
    for (const { code, name } of LANGUAGES) {
      expect(new Intl.DisplayNames([code], { type: 'language' }).of(code)).toBe(name);
    }
  });
});

describe('a translation', () => {
  beforeEach(() => {
    localStorage.clear();
    writeSetting('language', 'de');
  });
  afterEach(() => {
    clearTranslations();
    document.documentElement.lang = 'en';
    vi.restoreAllMocks();
  });

  it('is loaded before anything is shown, by the id of the message', async () => {
    const text = () => $localize`:@@test-greeting:Hello ${'Ada'}:name:`;
    expect(text()).toBe('Hello Ada');
    const file = { 'test-greeting': { source: 'Hello {$name}', target: '{$name}, guten Tag' } };
    const asked: string[] = [];
    const locale = await prepareLanguage(async (url) => {
      asked.push(String(url));
      return Response.json(file);
    });
    expect(locale).toBe('de');
    expect(asked[0]).toMatch(/\/i18n\/de\.json$/);
    expect(document.documentElement.lang).toBe('de');
    expect(text()).toBe('Ada, guten Tag');
  });

  it('that cannot be had leaves the page in English', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await prepareLanguage(async () => new Response('', { status: 404 }))).toBe('en-US');
    expect(document.documentElement.lang).toBe('en');
    expect(warn).toHaveBeenCalledOnce();
  });
});
