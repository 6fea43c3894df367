import type { HealthWarning, ModelStatus, Problem, Session, Stream, StreamHealth } from '@media-analyzer/protocol';
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
  /** Sound only: it can be listened to. */
  | { readonly kind: 'no-video' }
  | { readonly kind: 'buffering' }
  /** On air, but the first segment is not complete: for the next keyframe, or, where those come often, for the first seconds. */
  | { readonly kind: 'waiting'; readonly awaits: AwaitedMedia; readonly reason: HealthWarning | null }
  /** Media flow and no picture is shown. `reason`: what the server knows of it, with what to do. */
  | { readonly kind: 'no-picture'; readonly cause: 'not-sent' | 'not-decoded'; readonly reason: HealthWarning | null }
  | { readonly kind: 'recovering'; readonly trouble: 'network' | 'decoder' | 'other' };

/** `intervalMs`: how far apart keyframes are, ms; null while not known. */
export type AwaitedMedia =
  | { readonly what: 'keyframe'; readonly intervalMs: number | null }
  | { readonly what: 'start' };

export type PictureState = 'ok' | 'loaded-not-shown' | 'not-loaded';

export interface StageInput {
  readonly stream: Stream;
  readonly player: PlayerState;
  /** False when `MediaSource.isTypeSupported` refuses the stream's codecs. */
  readonly codecsPlayable: boolean;
  /** A person asked to watch a session that is over. */
  readonly replaying: boolean;
  readonly health: StreamHealth | null;
  /** Whether frames come on the screen: when they should and do not, `loaded` media are there to be shown, or none are. */
  readonly picture: PictureState;
}

/** Segments are about so long, ms, unless keyframes are further apart. */
const SEGMENT_MS = 2000;
/** Warnings of media that may never fit together in a browser. */
const TIMES_WRONG: readonly string[] = ['not_real_time', 'audio_not_real_time'];
/** Warnings that say why a browser shows no picture of media that it gets. */
const PICTURE_WARNINGS: readonly string[] = [
  'codec_not_playable_in_browsers',
  'profile_not_playable_in_browsers',
  ...TIMES_WRONG,
  'no_keyframe',
  'no_parameter_sets',
  'no_idr',
  'parameter_sets_unstable',
  'bitstream_damaged',
];

/** Decides what the stage shows. The stream's state rules; the player's own troubles matter only when there is something to play. */
export function stageOf(input: StageInput): Stage {
  const { stream, player, codecsPlayable, replaying, health } = input;
  const { state, session } = stream;
  if (state === 'connecting') return { kind: 'connecting' };
  const something = session !== null && (session.video !== null || session.audio !== null);
  if (state === 'offline' && !replaying) return { kind: 'offline', replay: something };
  if (state === 'ended' && !replaying) return something ? { kind: 'ended' } : { kind: 'offline', replay: false };
  // Who is in the past of the session may still see what was sent before in another codec.
  if (!codecsPlayable && player.kind !== 'playing')
    return { kind: 'unplayable', codec: refusedCodec(session) ?? 'unknown' };
  if (player.kind === 'unplayable') return { kind: 'unplayable', codec: refusedCodec(session) ?? player.codecs };
  if (state === 'reconnecting') return { kind: 'reconnecting', untilAt: stream.reconnectUntilAt ?? null };
  if (session?.playable === false || player.kind === 'waiting')
    return { kind: 'waiting', awaits: awaited(health), reason: pictureWarning(health) };
  if (player.kind === 'recovering') return { kind: 'recovering', trouble: player.trouble };
  if (session && !session.video) return { kind: 'no-video' };
  const missing = missingPicture(input);
  if (missing) return missing;
  if (player.kind === 'loading' || player.kind === 'idle') return { kind: 'buffering' };
  return { kind: 'picture' };
}

/** What to say when no frame comes on the screen although one should; null when there is nothing to say. */
function missingPicture({ health, stream, picture }: StageInput): Stage | null {
  if (picture === 'ok') return null;
  const reason = pictureWarning(health);
  const sent = health === null || stream.state !== 'live' || (health.measuredFrameRate ?? 0) > 0;
  if (!sent) return { kind: 'no-picture', cause: 'not-sent', reason };
  const never = picture === 'loaded-not-shown' || TIMES_WRONG.includes(reason?.code ?? '');
  return never ? { kind: 'no-picture', cause: 'not-decoded', reason } : null;
}

function awaited(health: StreamHealth | null): AwaitedMedia {
  const intervalMs = health?.keyframeIntervalMs ?? null;
  return intervalMs !== null && intervalMs < SEGMENT_MS ? { what: 'start' } : { what: 'keyframe', intervalMs };
}

function pictureWarning(health: StreamHealth | null): HealthWarning | null {
  return health?.warnings.find(({ code }) => PICTURE_WARNINGS.includes(code)) ?? null;
}

/** Nothing of the stream is on air. */
export function isOver(stream: Stream): boolean {
  return stream.state === 'ended' || stream.state === 'offline';
}

/** The player should hold a source: something is on air, or was and is asked for. */
export function shouldPlay(stream: Stream, replaying: boolean): boolean {
  const { session } = stream;
  if (!session || session.playable === false || !(session.video || session.audio)) return false;
  return stream.state === 'live' || stream.state === 'reconnecting' || (replaying && stream.state !== 'connecting');
}

/** Whether this browser can decode a session's tracks; true where nothing can be asked. */
export function canDecode(codecStrings: readonly string[]): boolean {
  if (codecStrings.length === 0 || typeof MediaSource === 'undefined') return true;
  return MediaSource.isTypeSupported(`video/mp4; codecs="${codecStrings.join(',')}"`);
}

/** Which of a session's codecs this browser refuses: the picture's, unless it is only the sound's. */
function refusedCodec(session: Session | null): string | null {
  const { video, audio } = session ?? { video: null, audio: null };
  const onlySound = audio && video && canDecode([video.codecString]) && !canDecode([audio.codecString]);
  return onlySound ? audio.codec : (video?.codec ?? null);
}

/** Why there are no results, when a model is the reason; null when analysis can work. */
export function missingModel(models: readonly ModelStatus[] | null, problem: Problem | null): ModelStatus | null {
  const active = models?.find((model) => model.active) ?? null;
  if (active && active.state !== 'ready') return active;
  if (!active && problem?.code === 'model_missing') return models?.find((model) => model.state !== 'ready') ?? null;
  return null;
}
