import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatTooltipModule } from '@angular/material/tooltip';
import { formatCount, formatMs } from '../shared/format';
import { Live } from '../shared/live';
import { droppedFrames } from './dropped-frames';
import { LiveStore } from './live-store';

interface Badge {
  readonly name: string;
  readonly value: string;
  /** How the figure is made, for the curious. */
  readonly detail: string;
  readonly tone: 'plain' | 'good' | 'warn';
}

/** Measured figures about what is seen here, each with how it was measured. */
@Component({
  selector: 'ma-quality-badges',
  imports: [MatTooltipModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <ul aria-label="Measured quality">
      @for (badge of badges(); track badge.name) {
        <li [class]="badge.tone" [matTooltip]="badge.detail" tabindex="0">
          <span class="name">{{ badge.name }}</span> <b class="num">{{ badge.value }}</b><span class="visually-hidden">. {{ badge.detail }}</span>
        </li>
      }
    </ul>
  `,
  styles: `
    ul { display: flex; flex-wrap: wrap; gap: 6px; }
    li { display: inline-flex; align-items: baseline; gap: 7px; height: 28px; line-height: 26px; padding: 0 10px; border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--surface); white-space: nowrap; cursor: default; }
    .name { color: var(--muted); font-size: 12px; }
    b { font-weight: 580; }
    .good b { color: var(--good); }
    .warn b { color: var(--warn); }
    .warn { border-color: #57431a; }
    @media (max-width: 620px) { ul { display: grid; grid-template-columns: 1fr 1fr; } li { justify-content: space-between; } }
  `,
})
export class QualityBadges {
  private readonly store = inject(LiveStore);
  private readonly live = inject(Live);

  protected readonly badges = computed<Badge[]>(() => {
    const health = this.store.health();
    const frameMs = 1000 / (health?.measuredFrameRate || this.store.session()?.video?.frameRate || 30);
    const badges: Badge[] = [latencyBadge(this.store.latencyMs(), this.live.clock.uncertaintyMs)];
    const result = health?.captureToResult ?? null;
    badges.push({
      name: 'Result',
      value: result ? `${formatMs(result.p50)} / ${formatMs(result.p95)}` : '–',
      detail: 'From a frame’s last byte coming in to its analysis: median / 95th percentile of the last minute',
      tone: !result ? 'plain' : result.p95 <= 200 ? 'good' : 'warn',
    });
    if (health) badges.push(framesBadge(health.frames.analysed, droppedFrames(health), health.analysisRate));
    const alignment = this.store.alignmentP95();
    badges.push({
      name: 'Overlay',
      value: alignment === null ? '–' : `±${formatMs(alignment)}`,
      detail: `Boxes against the shown frame, lateness of drawing included: 95th percentile here; one frame is ${formatMs(frameMs)}`,
      tone: alignment === null ? 'plain' : alignment <= frameMs ? 'good' : 'warn',
    });
    const missed = this.store.missed();
    if (missed > 0) {
      badges.push({
        name: 'Late here',
        value: formatCount(missed),
        detail: 'Results that this page could not take in time; they are fetched afterwards',
        tone: 'warn',
      });
    }
    return badges;
  });
}

function latencyBadge(latencyMs: number | null, uncertaintyMs: number | null): Badge {
  return {
    name: 'Latency',
    value: latencyMs === null ? '–' : formatMs(latencyMs),
    detail:
      'From the frame on the stream’s clock to that frame on this screen' +
      (uncertaintyMs === null ? '' : `; clocks compared to ±${formatMs(uncertaintyMs)}`),
    tone: latencyMs === null ? 'plain' : latencyMs <= 3000 ? 'good' : 'warn',
  };
}

function framesBadge(analysed: number, dropped: { total: number; text: string }, rate: number): Badge {
  const share = dropped.total / Math.max(1, analysed + dropped.total);
  return {
    name: 'Analysed',
    value: `${rate.toFixed(1)}/s, ${formatCount(dropped.total)} dropped`,
    detail: `${formatCount(analysed)} frames analysed in this session. ${dropped.text}`,
    tone: share > 0.1 ? 'warn' : 'plain',
  };
}
