import { ChangeDetectionStrategy, Component } from '@angular/core';
import { RouterLink } from '@angular/router';

/** For addresses that lead nowhere, with a way back. */
@Component({
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h1 i18n>There is no such page</h1>
    <p class="muted" i18n>The address may be mistyped, or the stream was deleted.</p>
    <a class="button" routerLink="/streams" i18n>All streams</a>
  `,
  styles: `:host { display: grid; gap: 10px; justify-items: start; padding: 48px 20px; max-width: 900px; margin: 0 auto; }`,
})
export class NotFoundPage {}
