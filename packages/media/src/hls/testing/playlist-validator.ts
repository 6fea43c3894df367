/** A media playlist, as far as the tests look into it. */
export interface ParsedPlaylist {
  readonly targetDuration: number;
  readonly partTarget: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly skipped: number;
  readonly independent: boolean;
  readonly ended: boolean;
  readonly hint: string | null;
  readonly serverControl: Readonly<Record<string, string>>;
  /** Complete segments, and at the end the open one (without `uri`) if it has parts. */
  readonly segments: readonly ParsedSegment[];
}

export interface ParsedSegment {
  readonly msn: number;
  readonly uri: string | null;
  readonly duration: number;
  readonly map: string;
  readonly dateTime: number | null;
  readonly discontinuity: boolean;
  readonly gap: boolean;
  readonly parts: readonly { readonly uri: string; readonly duration: number; readonly independent: boolean }[];
}

function attributes(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([A-Z-]+)=("[^"]*"|[^,]*)/g)].map(([, key, value]) => [key!, value!.replaceAll('"', '')]),
  );
}

export function parsePlaylist(body: string): ParsedPlaylist {
  const lines = body.trimEnd().split('\n');
  if (lines[0] !== '#EXTM3U') throw new Error(`a playlist starts with #EXTM3U, this one with ${lines[0]}`);
  const tag = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`#${name}:`))?.slice(name.length + 2);
  const mediaSequence = Number(tag('EXT-X-MEDIA-SEQUENCE'));
  const skipped = Number(attributes(tag('EXT-X-SKIP') ?? '')['SKIPPED-SEGMENTS'] ?? 0);
  const segments: ParsedSegment[] = [];
  type Draft = { -readonly [K in keyof ParsedSegment]: ParsedSegment[K] } & { parts: ParsedSegment['parts'][number][] };
  let map = '';
  const blank = (): Draft => ({
    msn: 0,
    uri: null,
    duration: 0,
    map,
    dateTime: null,
    discontinuity: false,
    gap: false,
    parts: [],
  });
  let draft = blank();
  const finish = (uri: string | null): void => {
    segments.push({ ...draft, uri, map, msn: mediaSequence + skipped + segments.length });
    draft = blank();
  };
  for (const line of lines) {
    if (line.startsWith('#EXT-X-MAP:')) map = attributes(line).URI!;
    else if (line === '#EXT-X-DISCONTINUITY') draft.discontinuity = true;
    else if (line === '#EXT-X-GAP') draft.gap = true;
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) draft.dateTime = Date.parse(line.slice(25));
    else if (line.startsWith('#EXT-X-PART:')) {
      const part = attributes(line);
      draft.parts.push({
        uri: part.URI!,
        duration: Number(part.DURATION),
        independent: part.INDEPENDENT === 'YES',
      });
    } else if (line.startsWith('#EXTINF:')) draft.duration = Number.parseFloat(line.slice(8));
    else if (!line.startsWith('#')) finish(line);
  }
  if (draft.parts.length > 0) finish(null);
  return {
    targetDuration: Number(tag('EXT-X-TARGETDURATION')),
    partTarget: Number(attributes(tag('EXT-X-PART-INF') ?? '')['PART-TARGET'] ?? 0),
    mediaSequence,
    discontinuitySequence: Number(tag('EXT-X-DISCONTINUITY-SEQUENCE') ?? 0),
    skipped,
    independent: lines.includes('#EXT-X-INDEPENDENT-SEGMENTS'),
    ended: lines.includes('#EXT-X-ENDLIST'),
    hint: attributes(tag('EXT-X-PRELOAD-HINT') ?? '').URI ?? null,
    serverControl: attributes(tag('EXT-X-SERVER-CONTROL') ?? ''),
    segments,
  };
}

/** Everything in one playlist that breaks RFC 8216bis, in words. */
export function playlistProblems(playlist: ParsedPlaylist): string[] {
  const problems: string[] = [];
  const say = (condition: boolean, problem: string): void => {
    if (!condition) problems.push(problem);
  };
  for (const segment of playlist.segments) {
    const where = `segment ${segment.msn}`;
    if (segment.uri)
      say(
        Math.round(segment.duration) <= playlist.targetDuration,
        `${where} lasts ${segment.duration}, target duration ${playlist.targetDuration}`,
      );
    say(segment.map !== '', `${where} has no EXT-X-MAP`);
    say(segment.dateTime !== null, `${where} has no EXT-X-PROGRAM-DATE-TIME`);
    const total = segment.parts.reduce((sum, part) => sum + part.duration, 0);
    if (segment.uri && segment.parts.length > 0)
      say(Math.abs(total - segment.duration) < 0.001, `${where} lasts ${segment.duration}, its parts ${total}`);
    segment.parts.forEach((part, index) => {
      const last = segment.uri !== null && index === segment.parts.length - 1;
      say(part.uri === `part-${segment.msn}.${index}.m4s`, `${where} has part ${part.uri} at ${index}`);
      say(
        part.duration <= playlist.partTarget + 1e-9,
        `${part.uri} lasts ${part.duration}, part target ${playlist.partTarget}`,
      );
      if (!last)
        say(
          part.duration >= 0.85 * playlist.partTarget - 1e-5,
          `${part.uri} lasts only ${part.duration} of ${playlist.partTarget}`,
        );
    });
  }
  if (playlist.ended) {
    say(playlist.hint === null, 'a playlist that ended hints at a part');
    return problems;
  }
  const open = playlist.segments.at(-1)?.uri === null ? playlist.segments.at(-1)! : null;
  const nextMsn = playlist.mediaSequence + playlist.skipped + playlist.segments.length;
  const expected = open ? `part-${open.msn}.${open.parts.length}.m4s` : `part-${nextMsn}.0.m4s`;
  say(playlist.hint === expected, `the hint is ${playlist.hint}, what comes next is ${expected}`);
  say(playlist.serverControl['CAN-BLOCK-RELOAD'] === 'YES', 'CAN-BLOCK-RELOAD is missing');
  say(
    Number(playlist.serverControl['PART-HOLD-BACK']) >= 3 * playlist.partTarget - 1e-9,
    'PART-HOLD-BACK is below three part targets',
  );
  say(
    Number(playlist.serverControl['CAN-SKIP-UNTIL']) >= 6 * playlist.targetDuration,
    'CAN-SKIP-UNTIL is below six target durations',
  );
  return problems;
}

/** Everything in how one playlist follows another that breaks RFC 8216bis 6.2.1, in words. */
export function updateProblems(before: ParsedPlaylist, after: ParsedPlaylist): string[] {
  const problems: string[] = [];
  if (after.mediaSequence < before.mediaSequence)
    problems.push(`the media sequence went from ${before.mediaSequence} to ${after.mediaSequence}`);
  if (after.targetDuration < before.targetDuration)
    problems.push(`the target duration went from ${before.targetDuration} to ${after.targetDuration}`);
  if (before.ended) problems.push('a playlist that had ended changed');
  const gone = before.segments.filter((segment) => segment.msn < after.mediaSequence && segment.discontinuity).length;
  if (after.discontinuitySequence !== before.discontinuitySequence + gone) {
    problems.push(
      `the discontinuity sequence went from ${before.discontinuitySequence} to ${after.discontinuitySequence}, ${gone} discontinuities left`,
    );
  }
  for (const old of before.segments) {
    const now = after.segments.find((segment) => segment.msn === old.msn);
    if (!now) {
      if (old.msn >= after.mediaSequence) problems.push(`segment ${old.msn} vanished`);
      continue;
    }
    const same = now.map === old.map && now.dateTime === old.dateTime && now.discontinuity === old.discontinuity;
    if (!same || (old.uri !== null && (now.uri !== old.uri || now.duration !== old.duration)))
      problems.push(`segment ${old.msn} changed`);
    const kept =
      now.parts.length === 0 || old.parts.every((part, i) => JSON.stringify(part) === JSON.stringify(now.parts[i]));
    if (!kept) problems.push(`parts of segment ${old.msn} changed`);
  }
  return problems;
}
