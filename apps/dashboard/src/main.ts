import { prepareLanguage } from './app/preferences/language';

// Texts of modules are looked up when the modules are loaded, so the language comes first.
prepareLanguage()
  .then(async (locale) => (await import('./bootstrap')).start(locale))
  .catch((error: unknown) => console.error(error));
