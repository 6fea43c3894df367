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

function toVideoInfo({ codec, codecString, frameRate, ...size }: VideoTrack): VideoInfo {
  return {
    ...{ codec, codecString, width: size.displayWidth, height: size.displayHeight },
    ...{ codedWidth: size.width, codedHeight: size.height, frameRate },
  };
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

function toVideoTrack({ codec, codecString, frameRate, ...size }: VideoInfo, configuration: Uint8Array): VideoTrack {
  return {
    ...{ kind: 'video', codec: codec as VideoTrack['codec'], codecString, configuration },
    ...{ width: size.codedWidth ?? size.width, height: size.codedHeight ?? size.height },
    ...{ displayWidth: size.width, displayHeight: size.height, chroma: '4:2:0', bitDepth: 8, frameRate },
  };
}

/** A track as playlists need it, made of what is stored of it. */
export function tracksOf(video: VideoInfo | null, audio: AudioInfo | null): Track[] {
  const configuration = new Uint8Array();
  return [
    ...(video ? [toVideoTrack(video, configuration)] : []),
    ...(audio ? [{ ...audio, kind: 'audio', codec: audio.codec as AudioTrack['codec'], configuration } as const] : []),
  ];
}
