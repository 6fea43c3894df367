import type { DiscontinuityReason } from '@media-analyzer/media/clock';
import type { CodedSample, HealthWarning, Track, VideoTrack, Waiting } from '@media-analyzer/protocol';
import { SourcePace } from './source-pace.js';
import { SourceStops } from './source-stops.js';

/** What can be odd about a publisher's media; the RTMP server's troubles fit. */
export type SourceTrouble =
  | 'before_configuration'
  | 'damaged'
  | 'parameter_sets_unstable'
  | 'parameter_sets_unreadable';

/** What was seen this long ago is still said, ms: longer than the keyframe interval of any encoder. */
const SAID_FOR_MS = 60_000;
/** Media without a picture to start with are said to be so after this, ms: encoders begin with one. */
const KEYFRAME_PATIENCE_MS = 3000;
const CHROMA_WORDS: Partial<Record<VideoTrack['chroma'], string>> = { '4:2:2': '4:2:2', '4:4:4': '4:4:4' };
/** H.264 profiles that no browser decodes: Extended, CAVLC 4:4:4 Intra (Annex A). */
const UNPLAYABLE_PROFILES: Readonly<Record<string, string>> = { '58': 'Extended', '2c': 'CAVLC 4:4:4 Intra' };

const WAITING: Readonly<Record<Waiting['what'], string>> = {
  media: 'The encoder is connected and has sent nothing yet.',
  parameter_sets: 'Waiting for the encoder’s parameter sets: pictures come, and nothing that says how to decode them.',
  keyframe: 'Waiting for the encoder’s first keyframe.',
  first_segment: 'The first seconds of the stream are being put together.',
};

const NOT_SENT: Readonly<Record<Track['kind'], HealthWarning>> = {
  video: { code: 'no_video', message: 'The publisher sends no video: there is nothing to analyse.' },
  audio: {
    code: 'no_audio',
    message: 'The publisher sends no audio. If it should, check the audio source in the encoder.',
  },
};
const UNDECODABLE: Readonly<Record<Track['kind'], HealthWarning>> = {
  video: {
    code: 'no_parameter_sets',
    message:
      'Pictures come, and nothing that says how to decode them (parameter sets), so they are left out. Start the stream anew in the encoder, and let it repeat headers with keyframes.',
  },
  audio: {
    code: 'no_audio_header',
    message:
      'Sound comes, and nothing that says how to decode it (sequence header), so it is left out. Start the stream anew in the encoder; if that does not help, set its audio encoder to AAC-LC.',
  },
};

/** Keeps what one publisher's media are like: what is still awaited of it, and what its operator should change. */
export class SourceWatch {
  readonly #tracks = new Map<Track['kind'], Track>();
  readonly #seenAt = new Map<string, number>();
  readonly #pace = new SourcePace();
  readonly #stops = new SourceStops();
  readonly #attachedAt = Date.now();
  #promised: readonly Track['kind'][] = [];
  /** Kinds that come without anything that says how to decode them. */
  readonly #undecodable = new Set<Track['kind']>();
  /** Kinds that cannot be carried. */
  readonly #unsupported = new Set<Track['kind']>();
  #damaged = 0;
  #samples = 0;
  #picture = false;
  #waiting: { what: Waiting['what']; since: number } = { what: 'media', since: this.#attachedAt };

  /** There was a picture that decoding can start with. */
  get hasPicture(): boolean {
    return this.#picture;
  }

  /** Kinds that its metadata speak of: a claim, good for waiting for them. */
  get promised(): readonly Track['kind'][] {
    return this.#promised;
  }

  promises(kinds: readonly Track['kind'][]): void {
    this.#promised = kinds;
  }

  /** What it sends of this kind cannot be carried: nothing is to be waited for. */
  unsupported(kind: Track['kind']): void {
    this.#promised = this.#promised.filter((one) => one !== kind);
    this.#unsupported.add(kind);
    this.#stops.forget(kind);
  }

  track(track: Track): void {
    this.#tracks.set(track.kind, track);
    this.#undecodable.delete(track.kind);
    this.#unsupported.delete(track.kind);
  }

  /** A sample on the session's clock. `broke`: why the timeline breaks right before it, if it does. */
  sample(sample: CodedSample, broke: DiscontinuityReason | null): void {
    const { kind, keyframe, entry, leading } = sample;
    this.#samples += 1;
    this.#stops.sample(sample);
    this.#pace.sample(sample, broke !== null && broke !== 'publisher_lost');
    if (kind !== 'video') return;
    if (keyframe) this.#picture = true;
    if (entry === 'gradual') this.#seenAt.set(entry, Date.now());
    if (leading) this.#seenAt.set('leading', Date.now());
  }

  /** @returns whether that is news */
  trouble(trouble: SourceTrouble, kind: Track['kind']): boolean {
    if (trouble === 'before_configuration' || trouble === 'damaged') this.#stops.forget(kind);
    if (trouble === 'before_configuration') {
      const known = this.#undecodable.has(kind);
      this.#undecodable.add(kind);
      return !known;
    }
    const known = this.#seenAt.has(trouble);
    this.#seenAt.set(trouble, Date.now());
    if (trouble === 'damaged') this.#damaged += 1;
    return !known;
  }

  /** What is missing before the stream can be watched, or null. */
  waiting(playable: boolean): Waiting | null {
    const what = this.#awaited(playable);
    if (what === null) return null;
    if (this.#waiting.what !== what) this.#waiting = { what, since: Date.now() };
    return { ...this.#waiting, message: WAITING[what] };
  }

  warnings(now: number): HealthWarning[] {
    return [
      ...[this.#stops.warning(now), this.#pace.warning(now)].filter((warning) => warning !== null),
      ...this.#missingWarnings(),
      ...this.#startWarnings(now),
      ...this.#formatWarnings(),
      ...this.#streamWarnings(now),
    ];
  }

  #awaited(playable: boolean): Waiting['what'] | null {
    const video = this.#tracks.has('video');
    if (!video && this.#undecodable.has('video')) return 'parameter_sets';
    if (this.#samples === 0 && !video) return 'media';
    if (video && !this.#picture) return 'keyframe';
    return playable ? null : 'first_segment';
  }

  /** What does not come of the two kinds, or comes in vain, while something else is on air. */
  #missingWarnings(): HealthWarning[] {
    if (this.#samples === 0) return [];
    return (['video', 'audio'] as const)
      .filter((kind) => !this.#tracks.has(kind) && !this.#unsupported.has(kind))
      .map((kind) => (this.#undecodable.has(kind) ? UNDECODABLE : NOT_SENT)[kind]);
  }

  #startWarnings(now: number): HealthWarning[] {
    const video = this.#tracks.has('video');
    if (this.#recently('gradual', now))
      return [
        {
          code: 'no_idr',
          message:
            'The picture is refreshed bit by bit instead of with keyframes: it is incomplete for moments whenever somebody begins to watch. Turn intra refresh off in the encoder and set a keyframe interval of 1 or 2 s (IDR).',
        },
      ];
    if (this.#recently('leading', now))
      return [
        {
          code: 'open_gop',
          message:
            'Keyframes are not closed (open GOP): pictures after them refer to those before. Browsers cannot start with that, so these pictures are left out at the beginning of each segment (every 2 s, or as far apart as keyframes are). Set closed GOP in the encoder (x264: open-gop=0).',
        },
      ];
    if (video && !this.#picture && now - this.#attachedAt > KEYFRAME_PATIENCE_MS)
      return [
        {
          code: 'no_keyframe',
          message:
            'No keyframe has come yet, so there is no picture that playback and analysis can start with. Set the keyframe interval to 1 or 2 s in the encoder.',
        },
      ];
    return [];
  }

  #formatWarnings(): HealthWarning[] {
    const video = this.#tracks.get('video');
    if (video?.kind !== 'video' || video.codec === 'hevc') return [];
    const profile =
      video.codec === 'h264' ? UNPLAYABLE_PROFILES[video.codecString.slice(5, 7).toLowerCase()] : undefined;
    const words = [
      ...(profile ? [`profile ${profile}`] : []),
      ...(CHROMA_WORDS[video.chroma] ? [`colour ${CHROMA_WORDS[video.chroma]}`] : []),
      // Of AV1, 10 bits belong to the profile that every browser has.
      ...(video.bitDepth > (video.codec === 'av1' ? 10 : 8) ? [`${video.bitDepth} bits`] : []),
    ];
    if (words.length === 0) return [];
    return [
      {
        code: 'profile_not_playable_in_browsers',
        message: `The picture has ${words.join(' and ')}: many browsers, phones among them, do not show that. Set the encoder to ${
          video.codec === 'h264' ? 'profile High or Main' : 'profile Main'
        } with 4:2:0 and 8 bits (yuv420p, NV12).`,
      },
    ];
  }

  #streamWarnings(now: number): HealthWarning[] {
    const warnings: HealthWarning[] = [];
    if (this.#recently('damaged', now))
      warnings.push({
        code: 'bitstream_damaged',
        message: `${this.#damaged} ${this.#damaged === 1 ? 'picture' : 'pictures'} came damaged and could not be passed on. Look at the encoder's log and its connection; an update of the encoder may help.`,
      });
    if (this.#recently('parameter_sets_unstable', now) || this.#recently('parameter_sets_unreadable', now))
      warnings.push({
        code: 'parameter_sets_unstable',
        message:
          'The encoder changes its parameter sets again and again, or sends some that cannot be read; some players may stop at that. Set a constant resolution, frame rate and profile, and repeat headers only with keyframes.',
      });
    return warnings;
  }

  #recently(what: string, now: number): boolean {
    return now - (this.#seenAt.get(what) ?? Number.NEGATIVE_INFINITY) < SAID_FOR_MS;
  }
}
