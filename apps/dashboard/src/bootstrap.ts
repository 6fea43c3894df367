import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './app/app';
import { appConfig } from './app/app.config';

/** Starts the application. @param locale what numbers, dates and plurals follow: `en-US`, `de` */
export async function start(locale: string): Promise<void> {
  await bootstrapApplication(App, appConfig(locale));
}
