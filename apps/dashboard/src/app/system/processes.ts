import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { ProcessStatus, StreamLoad } from '@media-analyzer/protocol';
import { formatBytes, formatDuration, formatNumber } from '../shared/format';
import { Live } from '../shared/live';
import { PROCESS_WORDS } from '../shared/process-words';
import { problemText } from '../shared/server-texts';
import { Ticker } from '../shared/ticker';
import { When } from '../shared/when';

const NAMES: Readonly<Record<string, () => string>> = {
  server: () => $localize`:a process|:Server`,
  vision: () => $localize`:a process|:Vision (models)`,
  media: () => $localize`:a process|:Media (decoder)`,
  'demo publisher': () => $localize`:a process|:Demo publisher`,
};

/** `0.35 cores`: what a process uses of the machine. */
function coresText(cores: number | null): string {
  return cores === null ? '–' : $localize`${formatNumber(cores, { min: 2 })}:number of CPU cores: cores`;
}

/** Every process of the server with what it uses, how long it runs, and why it was last restarted. */
@Component({
  selector: 'ma-processes',
  imports: [When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="scroll" tabindex="0" role="region" i18n-aria-label aria-label="Table of the processes">
      <table>
        <thead>
          <tr>
            <th scope="col" i18n>Process</th><th scope="col" i18n="column|State of a process">State</th><th scope="col" class="end" i18n>CPU</th>
            <th scope="col" class="end" i18n>Memory</th><th scope="col" class="end" i18n>Running for</th><th scope="col" class="end" i18n>Restarts</th><th scope="col" i18n>Last restart</th>
          </tr>
        </thead>
        <tbody>
          @for (one of rows(); track one.key) {
            <tr>
              <th scope="row">{{ one.name }}@if (one.stream) { <span class="muted">{{ one.stream }}</span> }</th>
              <td [class.bad]="one.troubled">{{ one.state }}</td>
              <td class="num end">{{ one.cpu }}</td>
              <td class="num end">{{ one.memory }}</td>
              <td class="num end">{{ one.uptime }}</td>
              <td class="num end">{{ one.restarts }}</td>
              <td class="why">@if (one.problem; as problem) { <ma-when [at]="problem.at" form="ago" />&ngsp;{{ text(problem) }} } @else { – }</td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
  styleUrl: './tables.scss',
})
export class Processes {
  readonly processes = input.required<readonly ProcessStatus[]>();
  readonly streams = input.required<readonly StreamLoad[]>();
  private readonly live = inject(Live);
  private readonly ticker = inject(Ticker);
  protected readonly text = problemText;
  protected readonly rows = computed(() => {
    const now = this.live.serverTime(this.ticker.now());
    const names = new Map(this.streams().map(({ streamId, name }) => [streamId, name]));
    return this.processes().map((process) => ({
      key: `${process.name}/${process.streamId ?? ''}/${process.pid ?? ''}`,
      name: NAMES[process.name]?.() ?? process.name,
      stream: process.streamId && (names.get(process.streamId) ?? null),
      state: PROCESS_WORDS[process.state](),
      troubled: process.state === 'restarting' || process.state === 'failed',
      cpu: coresText(process.cpu),
      memory: process.memoryBytes === null ? '–' : formatBytes(process.memoryBytes),
      uptime: process.startedAt === null ? '–' : formatDuration(now - process.startedAt),
      restarts: process.restarts,
      problem: process.lastProblem,
    }));
  });
}
