import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import type { HealthWarning } from '@media-analyzer/protocol';
import { ProblemNote } from '../shared/problem-note';
import { hasOwnWords, warningText } from '../shared/server-texts';

/** What is wrong with the stream: what it means for who watches, and under "Details" what to do for who can. */
@Component({
  selector: 'ma-stream-warnings',
  imports: [ProblemNote],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @for (warning of warnings(); track warning.code) {
      <ma-problem-note severity="warning">
        {{ text(warning) }}
        @if (own(warning)) {
          <details><summary i18n>Details</summary>{{ warning.message }}</details>
        }
      </ma-problem-note>
    }
  `,
  styles: `
    :host { display: contents; }
    details { font-size: 12px; }
    summary { width: fit-content; cursor: pointer; text-decoration: underline; text-decoration-color: var(--warn-line); text-underline-offset: 2px; }
  `,
})
export class StreamWarnings {
  readonly warnings = input.required<readonly HealthWarning[]>();
  protected readonly text = warningText;
  protected readonly own = hasOwnWords;
}
