import type { Routes, UrlMatcher, UrlSegment } from '@angular/router';

/**
 * `streams/:id` and `streams/:id/sessions/:sessionId` are one page: who comes from what is on air to its recording, or back,
 * keeps the player, with its sound, full screen and picture in picture.
 */
const streamPage: UrlMatcher = (segments) => {
  const [streams, id, sessions, sessionId] = segments;
  if (streams?.path !== 'streams' || !id) return null;
  const found = (posParams: Record<string, UrlSegment>) => ({ consumed: segments, posParams });
  if (segments.length === 2) return found({ id });
  if (segments.length !== 4 || sessions?.path !== 'sessions' || !sessionId) return null;
  return found({ id, sessionId });
};

/** The pages, each loaded when it is first opened. */
export const routes: Routes = [
  { path: '', pathMatch: 'full', redirectTo: 'streams' },
  {
    path: 'streams',
    title: $localize`Streams`,
    loadComponent: () => import('./streams/streams-page').then((m) => m.StreamsPage),
  },
  {
    matcher: streamPage,
    title: ({ paramMap }) => (paramMap.has('sessionId') ? $localize`Recording` : $localize`:title of a page|:Live`),
    loadComponent: () => import('./player/live-page').then((m) => m.LivePage),
  },
  { path: 'docs', title: 'API', loadComponent: () => import('./docs/docs-page').then((m) => m.DocsPage) },
  {
    path: 'system',
    title: $localize`System`,
    loadComponent: () => import('./system/system-page').then((m) => m.SystemPage),
  },
  {
    path: '**',
    title: $localize`Not found`,
    loadComponent: () => import('./shared/not-found-page').then((m) => m.NotFoundPage),
  },
];
