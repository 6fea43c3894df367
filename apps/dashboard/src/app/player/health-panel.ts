import { NgTemplateOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import type { ProcessState, StreamHealth } from '@media-analyzer/protocol';
import {
  codecName,
  formatBitrate,
  formatClock,
  formatCount,
  formatNumber,
  formatRate,
  formatResolution,
} from '../shared/format';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { readSetting, writeSetting } from '../shared/local-setting';
import { PROCESS_WORDS } from '../shared/process-words';
import { Ticker } from '../shared/ticker';
import { analysisRateText } from './analysis-rate';
import { droppedFrames } from './dropped-frames';
import { LiveStore } from './live-store';

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly more?: string | undefined;
  readonly warn?: boolean;
}

/** Above this a viewer waits long to start and segments grow, ms. */
const LONG_KEYFRAME_INTERVAL_MS = 2500;

/** What comes in, and how the processes behind it are. */
@Component({
  selector: 'ma-health-panel',
  imports: [Icon, NgTemplateOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="panel" aria-labelledby="health-title">
      <header><h2 id="health-title" i18n>Stream health</h2></header>
      <ng-container [ngTemplateOutlet]="list" [ngTemplateOutletContext]="{ $implicit: facts() }" />
      <details [open]="open()" (toggle)="keepOpen($event)">
        <summary><ma-icon name="expand_more" /><span i18n>Details</span> <span class="for" i18n>for who runs the encoder and the server</span></summary>
        <ng-container [ngTemplateOutlet]="list" [ngTemplateOutletContext]="{ $implicit: details() }" />
      </details>
    </section>
    <ng-template #list let-facts>
      <dl>
        @for (fact of facts; track fact.name) {
          <div [class.warn]="fact.warn">
            <dt>{{ fact.name }}</dt>
            <dd class="num">@if (fact.warn) { <ma-icon name="warning" /> <span class="visually-hidden" i18n>Warning: </span> }{{ fact.value }}</dd>
            @if (fact.more) { <dd class="more num">{{ fact.more }}</dd> }
          </div>
        }
      </dl>
    </ng-template>
  `,
  styles: `
    /* The last line's cells share its width: no empty one is left. */
    dl { display: flex; flex-wrap: wrap; gap: 1px; overflow: hidden; }
    .panel { overflow: hidden; }
    details { border-top: 1px solid var(--line); }
    summary { display: flex; align-items: center; gap: 6px; min-height: 36px; padding: 6px 12px; cursor: pointer; font-weight: 560; list-style: none; }
    summary::-webkit-details-marker { display: none; }
    summary:hover { background: var(--hover); }
    summary:focus-visible { outline-offset: -3px; }
    summary ma-icon { rotate: -90deg; transition: rotate 120ms; }
    details[open] summary ma-icon { rotate: 0deg; }
    details[open] summary { border-bottom: 1px solid var(--line); }
    .for { color: var(--muted); font-weight: 400; font-size: 12px; }
    dl > div { flex: 1 1 158px; padding: 9px 12px 10px; background: var(--surface); min-width: 0; box-shadow: 0 0 0 1px var(--line); }
    dt { font-size: 11.5px; color: var(--muted); margin-bottom: 1px; }
    dd { font-weight: 560; overflow-wrap: anywhere; }
    .more { font-weight: 400; font-size: 12px; color: var(--muted); }
    .warn dd:not(.more) { color: var(--warn); }
    dd ma-icon { margin-right: 4px; font-size: 13px; }
    @media (max-width: 620px) { dl > div { flex-basis: 40%; } }
  `,
})
export class HealthPanel {
  private readonly store = inject(LiveStore);
  private readonly live = inject(Live);
  private readonly ticker = inject(Ticker);

  /** Opened once, it stays open for this viewer. */
  protected readonly open = signal(readSetting('health.details', ['open', 'closed'] as const, 'closed') === 'open');
  private readonly video = computed(() => this.store.health()?.video ?? this.store.session()?.video ?? null);
  private readonly audio = computed(() => this.store.health()?.audio ?? this.store.session()?.audio ?? null);
  private readonly warned = computed(() => new Set(this.store.health()?.warnings.map((warning) => warning.code)));

  /** What tells a viewer how good the picture and the sound are that come in. */
  protected readonly facts = computed<Fact[]>(() => {
    const health = this.store.health();
    const [video, audio, warned] = [this.video(), this.audio(), this.warned()];
    const none = $localize`:no video, no audio|:None`;
    return [
      { name: $localize`Resolution`, value: video ? formatResolution(video) : none, warn: warned.has('no_video') },
      frameRateFact(health?.measuredFrameRate ?? null, video?.frameRate ?? null),
      {
        name: $localize`Bitrate`,
        value: health ? formatBitrate(health.bitrate) : '–',
        warn: warned.has('not_real_time'),
      },
      { name: $localize`Audio`, value: audio ? channelText(audio.channels) : none },
      this.uptimeFact(),
    ];
  });
  /** What helps to set the encoder and to run the server. */
  protected readonly details = computed<Fact[]>(() => {
    const health = this.store.health();
    const [video, audio, warned] = [this.video(), this.audio(), this.warned()];
    const publisher = health?.publisher ?? this.store.session()?.publisher ?? null;
    const facts: Fact[] = [
      {
        name: $localize`Video codec`,
        value: video ? codecName(video.codec) : '–',
        more: video?.codecString,
        warn: warned.has('codec_not_playable_in_browsers'),
      },
      keyframeFact(health?.keyframeIntervalMs ?? null, warned.has('keyframe_interval_long')),
      {
        name: $localize`Audio codec`,
        value: audio ? codecName(audio.codec) : '–',
        more: audio ? `${formatNumber(audio.sampleRate / 1000, { max: 2 })} kHz` : undefined,
      },
      { name: $localize`Publisher`, value: publisher?.address ?? '–', more: publisher?.encoder ?? undefined },
    ];
    if (health) {
      const dropped = droppedFrames(health);
      facts.push(
        {
          name: $localize`Frames received`,
          value: formatCount(health.frames.received),
          more: $localize`${formatCount(health.frames.sampled)}:count: picked for analysis`,
        },
        {
          name: $localize`Frames analysed`,
          value: formatCount(health.frames.analysed),
          more: dropped.text,
          warn: warned.has('analysis_behind'),
        },
        ...rateFact(health),
        processFact($localize`Media process`, health.mediaProcess),
        processFact($localize`Vision process`, health.visionProcess),
      );
    }
    return facts;
  });

  protected keepOpen(event: Event): void {
    if (!(event.target instanceof HTMLDetailsElement)) return;
    this.open.set(event.target.open);
    writeSetting('health.details', event.target.open ? 'open' : 'closed');
  }

  private uptimeFact(): Fact {
    const session = this.store.session();
    if (!session) return { name: $localize`On air`, value: '–' };
    // While its publisher is awaited nothing is on air.
    const awaited = this.store.stream()?.state === 'reconnecting';
    const now = awaited ? session.epochAt + session.durationMs : this.live.serverTime(this.ticker.now());
    const end = session.endedAt ?? now;
    const { gaps } = session;
    return {
      name: $localize`On air`,
      value: formatClock(end - session.startedAt),
      more:
        gaps.length === 0
          ? $localize`No gaps`
          : gaps.length === 1
            ? $localize`1 gap`
            : $localize`${gaps.length}:count: gaps`,
    };
  }
}

function rateFact(health: StreamHealth): Fact[] {
  const rate = analysisRateText(health.rate);
  if (!rate) return [];
  return [{ name: $localize`Analysis rate`, value: rate.text, more: rate.more || undefined, warn: rate.reduced }];
}

function frameRateFact(measured: number | null, announced: number | null): Fact {
  const value = measured ?? announced;
  return {
    name: $localize`Frame rate`,
    value: value === null ? '–' : $localize`${formatRate(value)}:rate: fps`,
    more:
      announced !== null && measured !== null && Math.abs(announced - measured) > 1
        ? $localize`${formatRate(announced)}:rate: announced`
        : undefined,
    warn: announced !== null && measured !== null && measured < announced * 0.8,
  };
}

function keyframeFact(intervalMs: number | null, warned: boolean): Fact {
  const long = warned || (intervalMs !== null && intervalMs > LONG_KEYFRAME_INTERVAL_MS);
  return {
    name: $localize`Keyframe interval`,
    value: intervalMs === null ? '–' : $localize`${formatNumber(intervalMs / 1000, { min: 1 })}:seconds: s`,
    more: long ? $localize`Set 1 s, at most 2 s` : undefined,
    warn: long,
  };
}

function processFact(name: string, state: ProcessState): Fact {
  return {
    name,
    value: PROCESS_WORDS[state](),
    warn: state === 'restarting' || state === 'failed',
  };
}

function channelText(channels: number): string {
  return channels === 1 ? $localize`Mono` : channels === 2 ? $localize`Stereo` : $localize`${channels}:count: channels`;
}
