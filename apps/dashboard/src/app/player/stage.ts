import type { ModelStatus, Problem, Stream } from '@media-analyzer/protocol';
import type { PlayerState } from './hls-player';

/** What stands over the picture, or in its place, and whether there is a picture under it. */
export type Stage =
  | { readonly kind: 'picture' }
  /** Nobody has published, or nobody does: how to publish. `replay`: a session is there to watch. */
  | { readonly kind: 'offline'; readonly replay: boolean }
  | { readonly kind: 'connecting' }
  /** `untilAt`: server time when the session ends unless the publisher returns; null when the server does not say. */
  | { readonly kind: 'reconnecting'; readonly untilAt: number | null }
  | { readonly kind: 'ended' }
  | { readonly kind: 'unplayable'; readonly codec: string }
  | { readonly kind: 'no-video' }
  | { readonly kind: 'buffering' }
  | { readonly kind: 'recovering'; readonly message: string };

export interface StageInput {
  readonly stream: Stream;
  readonly player: PlayerState;
  /** False when `MediaSource.isTypeSupported` refuses the stream's codecs. */
  readonly codecsPlayable: boolean;
  /** A person asked to watch a session that is over. */
  readonly replaying: boolean;
}

/** Decides what the stage shows. The stream's state rules; the player's own troubles matter only when there is something to play. */
export function stageOf({ stream, player, codecsPlayable, replaying }: StageInput): Stage {
  const { state, session } = stream;
  if (state === 'connecting') return { kind: 'connecting' };
  if (state === 'offline' && !replaying) return { kind: 'offline', replay: session?.video != null };
  if (state === 'ended' && !replaying) return session?.video ? { kind: 'ended' } : { kind: 'offline', replay: false };
  if (session && !session.video) return { kind: 'no-video' };
  if (!codecsPlayable) return { kind: 'unplayable', codec: session?.video?.codec ?? 'unknown' };
  if (player.kind === 'unplayable') return { kind: 'unplayable', codec: session?.video?.codec ?? player.codecs };
  if (state === 'reconnecting') return { kind: 'reconnecting', untilAt: stream.reconnectUntilAt ?? null };
  if (player.kind === 'recovering') return { kind: 'recovering', message: player.message };
  if (player.kind === 'loading' || player.kind === 'idle') return { kind: 'buffering' };
  return { kind: 'picture' };
}

/** The player should hold a source: something is on air, or was and is asked for. */
export function shouldPlay(stream: Stream, replaying: boolean): boolean {
  if (!stream.session?.video) return false;
  return stream.state === 'live' || stream.state === 'reconnecting' || (replaying && stream.state !== 'connecting');
}

/** Whether this browser can decode a session's tracks; true where nothing can be asked. */
export function canDecode(codecStrings: readonly string[]): boolean {
  if (codecStrings.length === 0 || typeof MediaSource === 'undefined') return true;
  return MediaSource.isTypeSupported(`video/mp4; codecs="${codecStrings.join(',')}"`);
}

/** Why there are no results, when a model is the reason; null when analysis can work. */
export function missingModel(models: readonly ModelStatus[] | null, problem: Problem | null): ModelStatus | null {
  const active = models?.find((model) => model.active) ?? null;
  if (active && active.state !== 'ready') return active;
  if (!active && problem?.code === 'model_missing') return models?.find((model) => model.state !== 'ready') ?? null;
  return null;
}
