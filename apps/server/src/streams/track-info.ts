import type {
  AudioInfo,
  AudioTrack,
  ErrorDetails,
  Track,
  UnsupportedTrack,
  VideoInfo,
  VideoTrack,
} from '@media-analyzer/protocol';

/** Whether the product can carry the track. */
export function isCarried(track: Track | UnsupportedTrack): track is Track {
  return 'codecString' in track;
}

function toVideoInfo({ codec, codecString, width, height, frameRate }: VideoTrack): VideoInfo {
  return { codec, codecString, width, height, frameRate };
}

function toAudioInfo({ codec, codecString, sampleRate, channels }: AudioTrack): AudioInfo {
  return { codec, codecString, sampleRate, channels };
}

/** What is shown of a source's tracks. */
export function infosOf(tracks: Iterable<Track>): { video: VideoInfo | null; audio: AudioInfo | null } {
  let video: VideoInfo | null = null;
  let audio: AudioInfo | null = null;
  for (const track of tracks) {
    if (track.kind === 'video') video = toVideoInfo(track);
    else audio = toAudioInfo(track);
  }
  return { video, audio };
}

/** Details of `codec_unsupported`. */
export function unsupportedDetails({ kind, codec }: UnsupportedTrack): ErrorDetails {
  return { kind: kind === 'video' ? 'Video' : 'Audio', codec, advice: kind === 'video' ? 'H.264' : 'AAC' };
}

/** A track as playlists need it, made of what is stored of it. */
export function tracksOf(video: VideoInfo | null, audio: AudioInfo | null): Track[] {
  const configuration = new Uint8Array();
  return [
    ...(video ? [{ ...video, kind: 'video', codec: video.codec as VideoTrack['codec'], configuration } as const] : []),
    ...(audio ? [{ ...audio, kind: 'audio', codec: audio.codec as AudioTrack['codec'], configuration } as const] : []),
  ];
}
