import { FullscreenOverlayContainer, OverlayContainer } from '@angular/cdk/overlay';
import {
  type ApplicationConfig,
  LOCALE_ID,
  provideBrowserGlobalErrorListeners,
  provideZonelessChangeDetection,
} from '@angular/core';
import { provideRouter, TitleStrategy, withComponentInputBinding, withInMemoryScrolling } from '@angular/router';
import { routes } from './app.routes';
import { PageTitle } from './shared/page-title';

/** What the whole application is given: locale, router, HTTP, no zone. */
export const appConfig = (locale: string): ApplicationConfig => ({
  providers: [
    { provide: LOCALE_ID, useValue: locale },
    // Menus over a player in full screen: what is not inside of the full-screen element is not seen.
    { provide: OverlayContainer, useExisting: FullscreenOverlayContainer },
    provideZonelessChangeDetection(),
    provideBrowserGlobalErrorListeners(),
    provideRouter(routes, withComponentInputBinding(), withInMemoryScrolling({ scrollPositionRestoration: 'enabled' })),
    { provide: TitleStrategy, useExisting: PageTitle },
  ],
});
