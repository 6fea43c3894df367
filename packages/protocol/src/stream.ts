import * as z from 'zod';
import { id, problem, ptsMs, unixMs } from './common.js';
import { streamCondition, streamSummary } from './condition.js';
import { refusal } from './refusal.js';

export const streamState = z.enum(['offline', 'connecting', 'live', 'reconnecting', 'ended']);
export type StreamState = z.infer<typeof streamState>;
export const processingMode = z.enum(['realtime', 'batch']);
export type ProcessingMode = z.infer<typeof processingMode>;

export const videoInfo = z
  .object({
    codec: z.string(),
    codecString: z.string(),
    width: z.number().int().meta({ description: 'Of the picture as it is displayed, square pixels' }),
    height: z.number().int(),
    codedWidth: z.number().int().optional().meta({ description: 'Of the coded picture, after cropping' }),
    codedHeight: z.number().int().optional(),
    frameRate: z.number().nullable(),
  })
  .meta({ id: 'VideoInfo' });
export const audioInfo = z
  .object({ codec: z.string(), codecString: z.string(), sampleRate: z.number().int(), channels: z.number().int() })
  .meta({ id: 'AudioInfo' });
export type VideoInfo = z.infer<typeof videoInfo>;
export type AudioInfo = z.infer<typeof audioInfo>;

/** What a stream on air still waits for before it can be watched. */
export const waiting = z
  .object({
    what: z.enum([
      'media', // the publisher is accepted and has sent nothing yet
      'parameter_sets', // pictures come, and nothing that says how to decode them
      'keyframe', // no picture yet that decoding can start with
      'first_segment', // the first stretch of media is being put together
    ]),
    message: z.string().meta({ description: 'The same in words' }),
    since: unixMs,
  })
  .meta({ id: 'Waiting' });
export type Waiting = z.infer<typeof waiting>;

/** A stretch of the session's timeline without media, and why. */
export const gap = z
  .object({
    fromMs: ptsMs,
    toMs: ptsMs,
    reason: z.enum(['publisher_lost', 'encoder_restart', 'clock_jump', 'storage_full', 'server_restart']),
  })
  .meta({ id: 'Gap' });
export type Gap = z.infer<typeof gap>;

/** What became of the video frames of a session. Always `sampled = analysed + dropped + under way`. */
export const frameCounts = z
  .object({
    received: z.number().int(),
    sampled: z.number().int().meta({ description: 'Frames picked for analysis' }),
    analysed: z.number().int(),
    dropped: z
      .record(z.string(), z.number().int())
      .meta({ description: 'Count of sampled frames not analysed, by reason' }),
  })
  .meta({ id: 'FrameCounts' });
export type FrameCounts = z.infer<typeof frameCounts>;

export const sessionEndReason = z.enum([
  'publisher_ended',
  'reconnect_window_passed',
  'stream_deleted',
  'server_stopped',
  'server_died',
]);
export type SessionEndReason = z.infer<typeof sessionEndReason>;

export const session = z
  .object({
    id,
    streamId: id,
    epochAt: unixMs.meta({ description: 'Unix ms of PTS 0: the session clock' }),
    startedAt: unixMs,
    endedAt: unixMs.nullable().meta({ description: 'End of its media: the wait for its publisher is not part of it' }),
    endReason: sessionEndReason.nullable(),
    durationMs: ptsMs.meta({ description: 'End of the newest stored media on the session clock' }),
    video: videoInfo.nullable(),
    audio: audioInfo.nullable(),
    publisher: z.object({ address: z.string(), encoder: z.string().nullable() }).nullable(),
    gaps: z.array(gap),
    storedBytes: z.number().int().nonnegative(),
    frames: frameCounts.nullable().optional().meta({
      description: 'What became of its frames, kept about twice a minute; null for sessions of older versions',
    }),
    playable: z
      .boolean()
      .optional()
      .meta({ description: 'False until the first segment is complete: there is no playlist yet' }),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof session>;

export const retention = z
  .object({
    maxAgeMs: z
      .number()
      .int()
      .min(60_000)
      .nullable()
      .meta({ description: 'Delete media older than this, ms; null keeps it' }),
    maxBytes: z
      .number()
      .int()
      .min(1_000_000)
      .nullable()
      .meta({ description: 'Keep at most this much media of the stream, bytes; null: no limit' }),
  })
  .meta({ id: 'Retention' });
export type Retention = z.infer<typeof retention>;

export const stream = z
  .object({
    id,
    name: z.string(),
    streamKey: z.string(),
    ingestUrl: z.string().meta({ description: 'Full RTMP address including the key' }),
    ingestServer: z.string().meta({ description: 'What OBS calls "Server"; the key goes into its own field' }),
    playbackUrl: z.string().meta({ description: 'Path of the multivariant HLS playlist' }),
    thumbnailUrl: z.string().nullable(),
    state: streamState,
    mode: processingMode,
    retention,
    problem: problem.nullable().meta({ description: 'What is wrong with the stream right now, if anything' }),
    reconnectUntilAt: unixMs
      .nullable()
      .optional()
      .meta({ description: 'While reconnecting: when the session ends unless its publisher is back' }),
    waiting: waiting
      .nullable()
      .optional()
      .meta({ description: 'While on air and not yet to be watched: what is awaited of the encoder' }),
    refusals: z
      .array(refusal)
      .optional()
      .meta({ description: 'Publishers of this stream that were turned away in the last hour, the newest first' }),
    summary: streamSummary.nullable().optional().meta({ description: 'While on air: how it goes right now' }),
    session: session.nullable().meta({ description: 'The current session, else the newest one' }),
    createdAt: unixMs,
    updatedAt: unixMs,
  })
  .meta({ id: 'Stream' });
export type Stream = z.infer<typeof stream>;

export const streamName = z.string().trim().min(1).max(100);
export const createStream = z
  .object({ name: streamName, retention: retention.partial().optional() })
  .meta({ id: 'CreateStream' });
export type CreateStream = z.infer<typeof createStream>;
export const updateStream = z
  .object({ name: streamName, mode: processingMode, retention: retention.partial() })
  .partial()
  .meta({ id: 'UpdateStream' });
export type UpdateStream = z.infer<typeof updateStream>;

export const latencySummary = z
  .object({ p50: z.number(), p95: z.number(), count: z.number().int() })
  .meta({ id: 'LatencySummary', description: 'Milliseconds over the last minute' });
export type LatencySummary = z.infer<typeof latencySummary>;

export const dropReason = z.enum([
  'superseded', // a newer frame of the same session took its place before it was started
  'deadline', // it waited longer than its deadline
  'wrong_size', // it was scaled for another model: the model was switched while it was under way
  'link_busy', // the link to the vision process did not take it in time
  'vision_down', // no vision process was there
  'overload', // the media process could not decode in time
  'starting', // the media process was not ready yet: the first moments of a session
  'media_down', // the media process had ended and was started again, or it waited for a keyframe after that
  'undecodable', // what the encoder sent could not be decoded
]);
export type DropReason = z.infer<typeof dropReason>;

export const healthWarning = z
  .object({
    code: z.enum([
      'keyframe_interval_long',
      'codec_not_playable_in_browsers',
      'profile_not_playable_in_browsers',
      'codec_unsupported',
      'open_gop',
      'no_idr',
      'no_keyframe',
      'no_parameter_sets',
      'no_audio_header',
      'parameter_sets_unstable',
      'bitstream_damaged',
      'no_video',
      'no_audio',
      'video_stopped',
      'audio_stopped',
      'not_real_time',
      'audio_not_real_time',
      'timestamps_jump',
      'analysis_behind',
      'picture_undecodable',
      'model_missing',
      'model_failed',
      'media_process_restarting',
      'vision_process_restarting',
      'storage_full',
    ]),
    message: z.string().meta({ description: 'What it means and what to set' }),
  })
  .meta({ id: 'HealthWarning' });
export type HealthWarning = z.infer<typeof healthWarning>;

export const processState = z.enum(['stopped', 'starting', 'running', 'restarting', 'failed']);
export type ProcessState = z.infer<typeof processState>;

export const streamHealth = z
  .object({
    streamId: id,
    sessionId: id.nullable(),
    at: unixMs,
    state: streamState,
    video: videoInfo.nullable(),
    audio: audioInfo.nullable(),
    measuredFrameRate: z.number().nullable().meta({ description: 'Frames per second over the last seconds' }),
    bitrate: z.number().meta({ description: 'Bits per second over the last seconds, all tracks' }),
    keyframeIntervalMs: z.number().nullable().meta({ description: 'Longest of the recent keyframe intervals' }),
    publisher: z.object({ address: z.string(), encoder: z.string().nullable() }).nullable(),
    uptimeMs: z.number().meta({ description: 'Time on air; it stands still while the publisher is awaited' }),
    captureToResult: latencySummary.nullable(),
    overlayAlignment: latencySummary
      .nullable()
      .meta({ description: 'Overlay alignment error that players reported, ms' }),
    frames: frameCounts,
    analysisRate: z.number().meta({ description: 'Analyses per second over the last seconds' }),
    rate: z
      .object({
        wanted: z.number().meta({ description: 'Analyses per second that are configured' }),
        inForce: z
          .number()
          .meta({ description: 'Analyses per second that this machine is asked for now: fewer when it is busy' }),
      })
      .optional()
      .meta({ description: 'While on air: how often frames are picked for analysis' }),
    model: z.string().nullable(),
    mediaProcess: processState,
    visionProcess: processState,
    condition: streamCondition.optional(),
    warnings: z.array(healthWarning),
  })
  .meta({ id: 'StreamHealth' });
export type StreamHealth = z.infer<typeof streamHealth>;
