import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatTooltipModule } from '@angular/material/tooltip';
import { formatCount, formatMs, formatNumber } from '../shared/format';
import { Live } from '../shared/live';
import { droppedFrames } from './dropped-frames';
import type { Standing } from './freshness';
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
    <ul aria-label="Measured quality" i18n-aria-label>
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
    .warn { border-color: var(--warn-line); }
    @media (max-width: 620px) { :host { flex: 1 1 100%; } ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 150px), 1fr)); } li { justify-content: space-between; flex-wrap: wrap; gap: 0 7px; height: auto; min-height: 28px; white-space: normal; } }
  `,
})
export class QualityBadges {
  private readonly store = inject(LiveStore);
  private readonly live = inject(Live);

  protected readonly badges = computed<Badge[]>(() => {
    const standing = this.store.standing();
    // What nobody has told anew for a while is nothing to show as a figure of now.
    const health = this.store.fresh() ? this.store.health() : null;
    const frameMs = 1000 / (health?.measuredFrameRate || this.store.session()?.video?.frameRate || 30);
    const badges: Badge[] = [this.latency(standing)];
    const result = health?.captureToResult ?? null;
    badges.push({
      name: $localize`Result`,
      value: result ? `${formatMs(result.p50)} / ${formatMs(result.p95)}` : '–',
      detail: $localize`From a frame’s last byte coming in to its analysis: median / 95th percentile of the last minute`,
      tone: !result ? 'plain' : result.p95 <= 200 ? 'good' : 'warn',
    });
    if (health) badges.push(framesBadge(health.frames.analysed, droppedFrames(health), health.analysisRate));
    const alignment = standing === 'current' ? this.store.alignmentP95() : null;
    badges.push({
      name: $localize`Overlay`,
      value: alignment === null ? absent(standing) : `±${formatMs(alignment)}`,
      detail: $localize`Boxes against the shown frame, lateness of drawing included: 95th percentile here; one frame is ${formatMs(frameMs)}:frame duration:`,
      tone: alignment === null ? 'plain' : alignment <= frameMs ? 'good' : 'warn',
    });
    const missed = this.store.missed();
    if (missed > 0) {
      badges.push({
        name: $localize`Late here`,
        value: formatCount(missed),
        detail: $localize`Results that this page could not take in time; they are fetched afterwards`,
        tone: 'warn',
      });
    }
    return badges;
  });

  private latency(standing: Standing): Badge {
    const ms = standing === 'current' ? this.store.latencyMs() : null;
    const uncertainty = this.live.clock.uncertaintyMs;
    return {
      name: $localize`Latency`,
      value: ms === null ? absent(standing) : formatMs(ms),
      detail:
        uncertainty === null
          ? $localize`From the frame’s arrival at the server to that frame on this screen`
          : $localize`From the frame’s arrival at the server to that frame on this screen; clocks compared to ±${formatMs(uncertainty)}:uncertainty:`,
      tone: ms === null ? 'plain' : ms <= 3000 ? 'good' : 'warn',
    };
  }
}

/** What stands in the place of a figure that there is none of now. */
function absent(standing: Standing): string {
  return standing === 'paused' ? $localize`Paused` : '–';
}

function framesBadge(analysed: number, dropped: { total: number; text: string }, rate: number): Badge {
  const share = dropped.total / Math.max(1, analysed + dropped.total);
  return {
    name: $localize`Analysed`,
    value: $localize`${formatNumber(rate, { min: 1 })}:rate:/s, ${formatCount(dropped.total)}:count: dropped`,
    detail: $localize`${formatCount(analysed)}:count: frames analysed in this session. ${dropped.text}:what was dropped:`,
    tone: share > 0.1 ? 'warn' : 'plain',
  };
}
