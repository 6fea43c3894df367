import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import type { ProcessState } from '@media-analyzer/protocol';
import { codecName, formatBitrate, formatClock, formatCount, formatRate, formatResolution } from '../shared/format';
import { Icon } from '../shared/icon';
import { Live } from '../shared/live';
import { Ticker } from '../shared/ticker';
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
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="panel" aria-labelledby="health-title">
      <header><h2 id="health-title">Stream health</h2></header>
      <dl>
        @for (fact of facts(); track fact.name) {
          <div [class.warn]="fact.warn">
            <dt>{{ fact.name }}</dt>
            <dd class="num">@if (fact.warn) { <ma-icon name="warning" /> <span class="visually-hidden">Warning: </span> }{{ fact.value }}</dd>
            @if (fact.more) { <dd class="more num">{{ fact.more }}</dd> }
          </div>
        }
      </dl>
    </section>
  `,
  styles: `
    dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(158px, 1fr)); gap: 1px; background: var(--line); border-radius: 0 0 var(--radius) var(--radius); overflow: hidden; }
    dl > div { padding: 9px 12px 10px; background: var(--surface); min-width: 0; box-shadow: 0 0 0 1px var(--line); }
    dt { font-size: 11.5px; color: var(--muted); margin-bottom: 1px; }
    dd { font-weight: 560; overflow-wrap: anywhere; }
    .more { font-weight: 400; font-size: 12px; color: var(--muted); }
    .warn dd:not(.more) { color: var(--warn); }
    dd ma-icon { margin-right: 4px; font-size: 13px; }
    @media (max-width: 620px) { dl { grid-template-columns: 1fr 1fr; } }
  `,
})
export class HealthPanel {
  private readonly store = inject(LiveStore);
  private readonly live = inject(Live);
  private readonly ticker = inject(Ticker);

  protected readonly facts = computed<Fact[]>(() => {
    const health = this.store.health();
    const session = this.store.session();
    const video = health?.video ?? session?.video ?? null;
    const audio = health?.audio ?? session?.audio ?? null;
    const publisher = health?.publisher ?? session?.publisher ?? null;
    const warned = new Set(health?.warnings.map((warning) => warning.code));
    const facts: Fact[] = [
      {
        name: 'Video',
        value: video ? codecName(video.codec) : 'None',
        more: video?.codecString,
        warn: warned.has('codec_not_playable_in_browsers') || warned.has('no_video'),
      },
      { name: 'Resolution', value: video ? formatResolution(video) : '–' },
      frameRateFact(health?.measuredFrameRate ?? null, video?.frameRate ?? null),
      { name: 'Bitrate', value: health ? formatBitrate(health.bitrate) : '–', warn: warned.has('bitrate_unstable') },
      keyframeFact(health?.keyframeIntervalMs ?? null, warned.has('keyframe_interval_long')),
      {
        name: 'Audio',
        value: audio ? codecName(audio.codec) : 'None',
        more: audio ? `${audio.sampleRate / 1000} kHz, ${channelText(audio.channels)}` : undefined,
      },
      { name: 'Publisher', value: publisher?.address ?? '–', more: publisher?.encoder ?? undefined },
      this.uptimeFact(),
    ];
    if (health) {
      const dropped = droppedFrames(health);
      facts.push(
        {
          name: 'Frames',
          value: `${formatCount(health.frames.received)} in`,
          more: `${formatCount(health.frames.sampled)} picked for analysis`,
        },
        {
          name: 'Analysed',
          value: formatCount(health.frames.analysed),
          more: dropped.text,
          warn: warned.has('analysis_behind'),
        },
        processFact('Media process', health.mediaProcess),
        processFact('Vision process', health.visionProcess),
      );
    }
    return facts;
  });

  private uptimeFact(): Fact {
    const session = this.store.session();
    if (!session) return { name: 'On air', value: '–' };
    const end = session.endedAt ?? this.live.serverTime(this.ticker.now());
    const { gaps } = session;
    return {
      name: 'On air',
      value: formatClock(end - session.startedAt),
      more: gaps.length === 0 ? 'No gaps' : `${gaps.length} ${gaps.length === 1 ? 'gap' : 'gaps'}`,
    };
  }
}

function frameRateFact(measured: number | null, announced: number | null): Fact {
  const value = measured ?? announced;
  return {
    name: 'Frame rate',
    value: value === null ? '–' : `${formatRate(value)} fps`,
    more:
      announced !== null && measured !== null && Math.abs(announced - measured) > 1
        ? `${formatRate(announced)} announced`
        : undefined,
    warn: announced !== null && measured !== null && measured < announced * 0.8,
  };
}

function keyframeFact(intervalMs: number | null, warned: boolean): Fact {
  const long = warned || (intervalMs !== null && intervalMs > LONG_KEYFRAME_INTERVAL_MS);
  return {
    name: 'Keyframe interval',
    value: intervalMs === null ? '–' : `${(intervalMs / 1000).toFixed(1)} s`,
    more: long ? 'Set 1 s, at most 2 s' : undefined,
    warn: long,
  };
}

function processFact(name: string, state: ProcessState): Fact {
  return {
    name,
    value: state.charAt(0).toUpperCase() + state.slice(1),
    warn: state === 'restarting' || state === 'failed',
  };
}

function channelText(channels: number): string {
  return channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;
}
