import type { Routes } from '@angular/router';

/** The pages, each loaded when it is first opened. */
export const routes: Routes = [
  { path: '', pathMatch: 'full', redirectTo: 'streams' },
  {
    path: 'streams',
    title: 'Streams',
    loadComponent: () => import('./streams/streams-page').then((m) => m.StreamsPage),
  },
  { path: 'streams/:id', title: 'Live', loadComponent: () => import('./player/live-page').then((m) => m.LivePage) },
  { path: 'system', title: 'System', loadComponent: () => import('./system/system-page').then((m) => m.SystemPage) },
  {
    path: '**',
    title: 'Not found',
    loadComponent: () => import('./shared/not-found-page').then((m) => m.NotFoundPage),
  },
];
