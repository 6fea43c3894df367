import type { HealthWarning, StreamHealth, StreamState } from '@media-analyzer/protocol';
import type { LiveSession } from './live-session.js';
import type { AnalysisHealth } from './ports.js';

/** Above this, viewers wait noticeably longer and seeking is coarse, ms. */
const LONG_KEYFRAME_INTERVAL_MS = 4000;
/** Share of the sampled frames that may be lost before it is said, 0..1. */
const TOLERATED_DROPS = 0.2;
/** With fewer sampled frames the share says little. */
const ENOUGH_FRAMES = 50;
/** Video codecs that browsers play everywhere. */
const PLAYABLE_VIDEO = new Set(['h264', 'av1']);

/** Health of a stream that is not on air. */
export function offAirHealth(streamId: string, state: StreamState): StreamHealth {
  return {
    streamId,
    sessionId: null,
    at: Date.now(),
    state,
    video: null,
    audio: null,
    measuredFrameRate: null,
    bitrate: 0,
    keyframeIntervalMs: null,
    publisher: null,
    uptimeMs: 0,
    captureToResult: null,
    overlayAlignment: null,
    frames: { received: 0, sampled: 0, analysed: 0, dropped: {} },
    analysisRate: 0,
    model: null,
    mediaProcess: 'stopped',
    visionProcess: 'stopped',
    warnings: [],
  };
}

/** Health of a stream on air, and what its operator should change. */
export function liveHealth(live: LiveSession): StreamHealth {
  const at = Date.now();
  const { streamId, id, publisher, startedAt } = live.describe();
  const { frameRate, bitrate, keyframeIntervalMs } = live.meter.rates(at);
  const analysis = live.analysis.health();
  const { sampled, analysed, dropped, blocked: _, ...rest } = analysis;
  return {
    streamId,
    sessionId: id,
    at,
    state: live.state,
    ...live.sent,
    measuredFrameRate: frameRate,
    bitrate,
    keyframeIntervalMs,
    publisher: live.connection ? publisher : null,
    uptimeMs: Math.max(0, at - startedAt),
    ...rest,
    frames: { received: live.meter.frames, sampled, analysed, dropped: { ...dropped } },
    mediaProcess: live.mediaProcess,
    warnings: [
      ...sourceWarnings(live, keyframeIntervalMs),
      ...analysisWarnings(live, analysis),
      ...(live.problem?.code === 'storage_full'
        ? [{ code: 'storage_full', message: live.problem.message } as const]
        : []),
    ],
  };
}

function sourceWarnings(live: LiveSession, keyframeIntervalMs: number | null): HealthWarning[] {
  const warnings: HealthWarning[] = [];
  const { video, audio } = live.sent;
  const onAir = live.state === 'live';
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
  if (onAir && !video)
    warnings.push({ code: 'no_video', message: 'The publisher sends no video: there is nothing to analyse.' });
  if (onAir && !audio)
    warnings.push({
      code: 'no_audio',
      message: 'The publisher sends no audio. If it should, check the audio source in the encoder.',
    });
  return warnings;
}

function analysisWarnings(live: LiveSession, { blocked, sampled, dropped }: AnalysisHealth): HealthWarning[] {
  const warnings: HealthWarning[] = [];
  if (live.mediaProcess === 'restarting' || live.mediaProcess === 'failed')
    warnings.push({
      code: 'media_process_restarting',
      message: 'The process that decodes the picture ended and is started again; playback is not affected.',
    });
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  if (blocked) warnings.push(blocked);
  else if (sampled > ENOUGH_FRAMES && lost / sampled > TOLERATED_DROPS)
    warnings.push({
      code: 'analysis_behind',
      message: `${Math.round((100 * lost) / sampled)} % of the sampled frames could not be analysed in time. A lower ANALYSIS_RATE or a smaller model relieves this machine.`,
    });
  return warnings;
}
