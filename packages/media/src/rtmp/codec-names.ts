/** FLV sound formats that are not carried (FLV 10.1, E.4.2.1), as people call them. */
const SOUND_FORMATS: Readonly<Record<number, string>> = {
  0: 'PCM',
  1: 'ADPCM',
  2: 'MP3',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 µ-law',
  11: 'Speex',
  14: 'MP3',
  15: 'device-specific sound',
};
/** FLV video codecs that are not carried (FLV 10.1, E.4.3.1, and numbers that came into use without one). */
const VIDEO_CODECS: Readonly<Record<number, string>> = {
  1: 'JPEG',
  2: 'Sorenson H.263',
  3: 'Screen Video',
  4: 'VP6',
  5: 'VP6 with alpha',
  6: 'Screen Video 2',
  8: 'H.263',
  9: 'MPEG-4 Part 2',
};
/** FourCCs of Enhanced RTMP that are not carried. */
const FOUR_CCS: Readonly<Record<string, string>> = {
  vp08: 'VP8',
  vp09: 'VP9',
  vvc1: 'VVC (H.266)',
  '.mp3': 'MP3',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  fLaC: 'FLAC',
};

/** What people call an FLV sound format. */
export function soundFormatName(format: number): string {
  return SOUND_FORMATS[format] ?? `number ${format}`;
}

/** What people call an FLV video codec. */
export function videoCodecName(codec: number): string {
  return VIDEO_CODECS[codec] ?? `number ${codec}`;
}

/** What people call a codec that Enhanced RTMP names by four characters. */
export function fourCcName(fourCc: string): string {
  return FOUR_CCS[fourCc] ?? fourCc;
}
