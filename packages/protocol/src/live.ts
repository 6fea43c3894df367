import * as z from 'zod';
import { analysis } from './analysis.js';
import { id, problem, unixMs } from './common.js';
import { streamSummary } from './condition.js';
import { modelStatus } from './model.js';
import { refusal } from './refusal.js';
import { session, stream, streamHealth } from './stream.js';
import { notice } from './system.js';

/** Largest client message, bytes. */
export const MAX_CLIENT_MESSAGE_BYTES = 16 * 1024;

export const clientMessage = z.discriminatedUnion('type', [
  /** Analyses, health and state of one stream. */
  z.object({ type: z.literal('subscribe'), streamId: id }),
  z.object({ type: z.literal('unsubscribe'), streamId: id }),
  /** State of all streams, models and notices: what the stream list needs. */
  z.object({ type: z.literal('watch') }),
  z.object({ type: z.literal('ping'), at: z.number() }),
  /** How far the drawn overlay was from the shown picture; feeds a metric. */
  z.object({
    type: z.literal('alignment'),
    streamId: id,
    errorsMs: z.array(z.number().min(0).max(60_000)).min(1).max(600),
  }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

export const serverMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), serverAt: unixMs, version: z.string() }),
  z.object({ type: z.literal('subscribed'), streamId: id, stream, session: session.nullable() }),
  z.object({ type: z.literal('unsubscribed'), streamId: id }),
  z.object({
    type: z.literal('watching'),
    streams: z.array(stream),
    notices: z.array(notice),
    models: z.array(modelStatus),
    refusals: z.array(refusal).optional(),
  }),
  z.object({ type: z.literal('error'), error: problem, streamId: id.optional() }),
  /** `missed`: analyses of this stream not sent to this client since the last one, because it could not keep up. */
  analysis.extend({ type: z.literal('analysis'), missed: z.number().int().nonnegative() }),
  z.object({ type: z.literal('stream'), stream }),
  z.object({ type: z.literal('stream-removed'), streamId: id }),
  /** To watchers: every stream on air in a few words. */
  z.object({ type: z.literal('summaries'), summaries: z.array(streamSummary) }),
  streamHealth.extend({ type: z.literal('health') }),
  z.object({ type: z.literal('model'), model: modelStatus }),
  z.object({ type: z.literal('notices'), notices: z.array(notice) }),
  /** Publishers were turned away: all that are remembered, the newest first. To watchers. */
  z.object({ type: z.literal('refusals'), refusals: z.array(refusal) }),
  z.object({ type: z.literal('pong'), at: z.number(), serverAt: unixMs }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;
