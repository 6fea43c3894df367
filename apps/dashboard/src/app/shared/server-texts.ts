/**
 * The dashboard's own words for what the server says, by its codes: what the server sends is written for logs and for
 * operators, in English. Where there are no own words, the server's stand.
 */
import type { HealthWarning, Problem } from '@media-analyzer/protocol';

/** What a warning means for who watches; who runs the encoder or the server finds the server's own words under "Details". */
const WARNINGS: Partial<Record<HealthWarning['code'], () => string>> = {
  keyframe_interval_long: () => $localize`It takes longer than usual until the picture appears.`,
  codec_not_playable_in_browsers: () => $localize`Not every browser can show this stream.`,
  profile_not_playable_in_browsers: () => $localize`Not every browser can show this stream.`,
  codec_unsupported: () => $localize`A part of this stream cannot be shown.`,
  open_gop: () => $localize`A few pictures are missing every few seconds.`,
  no_idr: () => $localize`The picture may be damaged for a moment after it starts or after a jump.`,
  no_parameter_sets: () => $localize`A part of this stream cannot be shown.`,
  no_audio_header: () => $localize`The sound of this stream cannot be heard.`,
  no_keyframe: () => $localize`The picture has not begun yet.`,
  parameter_sets_unstable: () => $localize`The picture may stop for moments.`,
  bitstream_damaged: () => $localize`Parts of the picture are damaged.`,
  no_video: () => $localize`This stream has no picture, only sound.`,
  no_audio: () => $localize`This stream has no sound.`,
  video_stopped: () => $localize`The encoder sends no picture at the moment.`,
  audio_stopped: () => $localize`The encoder sends no sound at the moment.`,
  not_real_time: () => $localize`The encoder does not send in real time: the picture may stand or jump.`,
  audio_not_real_time: () => $localize`The sound may be missing, or out of step with the picture.`,
  timestamps_jump: () => $localize`The picture may stop for moments.`,
  analysis_behind: () => $localize`Not every moment is analysed: boxes may come later or be missing.`,
  model_missing: () => $localize`Nothing is recognised at the moment.`,
  model_failed: () => $localize`Nothing is recognised at the moment.`,
  media_process_restarting: () => $localize`Boxes are missing for a moment; the picture goes on.`,
  vision_process_restarting: () => $localize`Boxes are missing for a moment; the picture goes on.`,
  storage_full: () => $localize`This part of the stream is not recorded.`,
};

/** A warning in a viewer's words. */
export function warningText({ code, message }: HealthWarning): string {
  return WARNINGS[code]?.() ?? message;
}

/** Whether `warningText` has words of its own, so that the server's are more than a repetition. */
export function hasOwnWords({ code }: HealthWarning): boolean {
  return Object.hasOwn(WARNINGS, code);
}

type Details = NonNullable<Problem['details']>;

const PROBLEMS: Partial<Record<Problem['code'], (details: Details) => string>> = {
  stream_not_found: () => $localize`There is no such stream; it may have been deleted.`,
  session_not_found: () => $localize`There is no such recording; it may have been deleted.`,
  playback_not_found: () => $localize`There is nothing to play here.`,
  session_live: () => $localize`This recording is still going on; it can be deleted when it has ended.`,
  stream_live: () => $localize`The stream is on air; stop the encoder first.`,
  stream_key_unknown: () => $localize`The stream key is not known to this server.`,
  stream_key_busy: () => $localize`Another encoder is sending to this stream already.`,
  server_stopping: () => $localize`The server is being stopped.`,
  too_many_requests: () => $localize`The server is busy; try again in a moment.`,
  internal: ({ requestId }) =>
    $localize`The server failed to answer. Its log has the cause under request ${requestId}:request:.`,
  model_missing: ({ model }) => $localize`The model “${model}:model:” is not on this machine yet.`,
  model_download_failed: ({ file }) =>
    $localize`${file}:file: could not be fetched. Is the server connected to the internet?`,
  model_hash_mismatch: ({ file }) => $localize`${file}:file: is not what it should be and is not used.`,
  model_disk_full: ({ file }) => $localize`There is no room on the server’s disk for ${file}:file:.`,
  storage_full: ({ path }) => $localize`The disk of ${path}:path: is full; nothing is recorded until there is room.`,
  process_memory_exceeded: () => $localize`A part of the server needed too much memory and is started again.`,
  process_unresponsive: () => $localize`A part of the server did not answer and is started again.`,
  process_exited: () => $localize`A part of the server stopped and is started again.`,
  process_start_timeout: () => $localize`A part of the server takes too long to start and is started again.`,
  demo_clip_missing: () => $localize`The clip of the demo is not on this server.`,
};

/** An error or notice in the dashboard's words; in the server's where there are none or what they tell is not known. */
export function problemText({
  code,
  message,
  details,
}: Pick<Problem, 'code' | 'message'> & { details?: Details | undefined }): string {
  const text = PROBLEMS[code]?.(details ?? {});
  // Words about a value that did not come would have a hole in them.
  return text === undefined || text.includes('undefined') ? message : text;
}
