import type { HealthWarning, Problem, StreamCondition, StreamHealth } from '@media-analyzer/protocol';

/** What is known of a stream when its condition is judged. */
export interface ConditionInput extends Pick<StreamHealth, 'state' | 'warnings'> {
  /** What is wrong with the stream right now. */
  readonly problem: Problem | null;
  /** How long its publisher, who is there, has sent nothing beyond what is usual for it, ms; 0 when all is well. */
  readonly stalledMs: number;
}

/** How much a warning weighs: `bad` is what viewers notice, `fair` should be mended, `good` is worth saying and no more. */
const WEIGHTS: Readonly<Record<HealthWarning['code'], 'good' | 'fair' | 'bad'>> = {
  codec_unsupported: 'bad',
  codec_not_playable_in_browsers: 'bad',
  profile_not_playable_in_browsers: 'bad',
  no_keyframe: 'bad',
  no_idr: 'bad',
  no_parameter_sets: 'bad',
  no_audio_header: 'bad',
  bitstream_damaged: 'bad',
  not_real_time: 'bad',
  audio_not_real_time: 'bad',
  video_stopped: 'bad',
  audio_stopped: 'bad',
  picture_undecodable: 'bad',
  storage_full: 'bad',
  keyframe_interval_long: 'fair',
  open_gop: 'fair',
  parameter_sets_unstable: 'fair',
  timestamps_jump: 'fair',
  analysis_behind: 'fair',
  model_missing: 'fair',
  model_failed: 'fair',
  media_process_restarting: 'fair',
  vision_process_restarting: 'fair',
  // A camera without a microphone and a radio desk without a picture are as they should be.
  no_video: 'good',
  no_audio: 'good',
};

/** One word for how a stream is, with what decided it: the worst of what is known. The only place that judges. */
export function conditionOf({ state, warnings, problem, stalledMs }: ConditionInput): StreamCondition {
  switch (state) {
    case 'offline':
      return { word: 'no_data', code: 'offline', reason: 'Nobody is publishing' };
    case 'ended':
      return { word: 'no_data', code: 'ended', reason: 'The stream has ended' };
    case 'connecting':
      if (problem) return { word: 'bad', code: problem.code, reason: problem.message };
      return { word: 'no_data', code: 'connecting', reason: 'Waiting for the first picture' };
    case 'reconnecting':
      return { word: 'bad', code: 'reconnecting', reason: 'The encoder is gone and is waited for' };
    case 'live':
      break;
    default:
      state satisfies never;
  }
  if (problem) return { word: 'bad', code: problem.code, reason: problem.message };
  if (stalledMs > 0)
    return { word: 'bad', code: 'stalled', reason: `Nothing has arrived for ${Math.round(stalledMs / 1000)} s` };
  for (const weight of ['bad', 'fair'] as const) {
    const warning = warnings.find(({ code }) => WEIGHTS[code] === weight);
    if (warning) return { word: weight, code: warning.code, reason: warning.message };
  }
  return { word: 'good', code: null, reason: null };
}
