import type { HealthWarning, Session, StreamHealth, StreamState, StreamSummary } from '@media-analyzer/protocol';
import { conditionOf } from './condition.js';
import type { LiveSession } from './live-session.js';
import type { AnalysisHealth } from './ports.js';

/** Above this, viewers wait noticeably longer and seeking is coarse, ms. */
const LONG_KEYFRAME_INTERVAL_MS = 4000;
/** A publisher that sends nothing for longer than this has stalled, ms: encoders send many times a second. */
const STALL_MS = 5000;
/** Share of the frames sampled in the last half minute that may be lost before it is said, 0..1. */
const TOLERATED_DROPS = 0.2;
/** Video codecs that browsers play everywhere. */
const PLAYABLE_VIDEO = new Set(['h264', 'av1']);

/** Health of a stream that is not on air: nothing flows, and the totals are those of its newest session. */
export function offAirHealth(streamId: string, state: StreamState, newest: Session | null): StreamHealth {
  return {
    streamId,
    sessionId: newest?.id ?? null,
    at: Date.now(),
    state,
    video: newest?.video ?? null,
    audio: newest?.audio ?? null,
    measuredFrameRate: null,
    bitrate: 0,
    keyframeIntervalMs: null,
    publisher: null,
    uptimeMs: newest?.durationMs ?? 0,
    captureToResult: null,
    overlayAlignment: null,
    frames: newest?.frames ?? { received: 0, sampled: 0, analysed: 0, dropped: {} },
    analysisRate: 0,
    model: null,
    mediaProcess: 'stopped',
    visionProcess: 'stopped',
    condition: conditionOf({ state, warnings: [], problem: null, stalledMs: 0 }),
    warnings: [],
  };
}

const NOTHING_FLOWS = { frameRate: null, bitrate: 0, keyframeIntervalMs: null };

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Health of a stream on air, and what its operator should change; and the same in a few words. */
export function liveView(live: LiveSession): { health: StreamHealth; summary: StreamSummary } {
  const at = Date.now();
  const { streamId, id, publisher, startedAt } = live.describe();
  // Whoever is awaited sends nothing: what the last one sent is no news.
  const { frameRate, bitrate, ...rates } = live.state === 'live' ? live.meter.rates(at) : NOTHING_FLOWS;
  const analysis = live.analysis.health();
  const { sampled, analysed, dropped, blocked: _, seen, ...rest } = analysis;
  const source = live.sourceWarnings(at);
  // By timestamps that are wrong neither an interval nor a rate can be told.
  const inTime = !source.some(({ code }) => code === 'not_real_time' || code === 'timestamps_jump');
  const keyframeIntervalMs = inTime ? rates.keyframeIntervalMs : null;
  const warnings = [
    ...encoderWarnings(live, keyframeIntervalMs),
    ...source,
    ...analysisWarnings(live, analysis, inTime),
    ...storageWarnings(live),
  ];
  const problem = live.problem && { code: live.problem.code, message: live.problem.message };
  const condition = conditionOf({
    state: live.state,
    warnings,
    problem,
    stalledMs: stalledMs(live, keyframeIntervalMs),
  });
  const health: StreamHealth = {
    streamId,
    sessionId: id,
    at,
    state: live.state,
    ...live.sent,
    measuredFrameRate: frameRate,
    bitrate,
    keyframeIntervalMs,
    publisher: live.connection ? publisher : null,
    uptimeMs: Math.max(0, (live.connection ? at : live.mediaEndAt) - startedAt),
    ...rest,
    frames: { received: live.meter.frames, sampled, analysed, dropped: { ...dropped } },
    mediaProcess: live.mediaProcess,
    condition,
    warnings,
  };
  return { health, summary: { streamId, at, bitrate, condition, seen: [...seen] } };
}

/** How long the publisher has sent nothing although it is there, ms; 0 while that is usual for what it sends. */
export function stalledMs(live: LiveSession, keyframeIntervalMs: number | null): number {
  if (!live.connection || live.state !== 'live') return 0;
  const silentMs = live.connection.silentMs();
  // A slide show sends a picture every few seconds.
  return silentMs > Math.max(STALL_MS, 2 * (keyframeIntervalMs ?? 0)) ? silentMs : 0;
}

function storageWarnings(live: LiveSession): HealthWarning[] {
  if (live.problem?.code !== 'storage_full') return [];
  return [{ code: 'storage_full', message: live.problem.message }];
}

function encoderWarnings(live: LiveSession, keyframeIntervalMs: number | null): HealthWarning[] {
  const warnings: HealthWarning[] = [];
  const { video } = live.sent;
  if (keyframeIntervalMs !== null && keyframeIntervalMs > LONG_KEYFRAME_INTERVAL_MS)
    warnings.push({
      code: 'keyframe_interval_long',
      message: `A keyframe comes only every ${(keyframeIntervalMs / 1000).toFixed(1)} s: playback starts late. Set the keyframe interval to 1 or 2 s in the encoder.`,
    });
  if (video && !PLAYABLE_VIDEO.has(video.codec))
    warnings.push({
      code: 'codec_not_playable_in_browsers',
      message: `Most browsers cannot play ${video.codec.toUpperCase()}. It is passed on as it is; for playback everywhere set the video encoder to H.264.`,
    });
  for (const { code, message } of live.unsupported) {
    const advice =
      code === 'codec_unsupported' ? '' : '. Start the stream anew in the encoder; an update of it may help.';
    warnings.push({ code: 'codec_unsupported', message: message + advice });
  }
  return warnings;
}

function analysisWarnings(live: LiveSession, { blocked }: AnalysisHealth, inTime: boolean): HealthWarning[] {
  const warnings: HealthWarning[] = [];
  if (live.mediaProcess === 'restarting' || live.mediaProcess === 'failed')
    warnings.push({
      code: 'media_process_restarting',
      message: 'The process that decodes the picture ended and is started again; playback is not affected.',
    });
  const lost = live.losses.shares();
  if (blocked) warnings.push(blocked);
  else if (inTime && lost && lost.bySpeed > TOLERATED_DROPS)
    warnings.push({
      code: 'analysis_behind',
      message: `${percent(lost.bySpeed)} of the frames picked in the last half minute were not analysed in time: this machine is busy. A smaller model or fewer streams at a time would relieve it.`,
    });
  if (lost && lost.undecodable > TOLERATED_DROPS)
    warnings.push({
      code: 'picture_undecodable',
      message: `${percent(lost.undecodable)} of the frames picked in the last half minute could not be decoded: the encoder sends damaged pictures, or parts of them get lost on the way. Check the encoder and its connection.`,
    });
  return warnings;
}
