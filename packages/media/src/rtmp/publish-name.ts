/** Invisible characters that come along when a key is copied from a page or a chat. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
/** Marks that people put around a key, or copy with it. */
const QUOTES = /^[\s"'`<«“”‘’]+|[\s"'`>»“”‘’]+$/g;
/** Instance names that Flash-derived servers know and their encoders add by themselves. */
const INSTANCES = new Set(['_definst_', '_defInst_']);

/** What an encoder asked for: the words of its `connect` and `publish`, cleaned and taken apart. */
export interface PublishName {
  /** The application is ours, or none was named at all. */
  readonly known: boolean;
  /** Secret. Empty when there is none. */
  readonly streamKey: string;
  /** What followed the first question mark of the name. As secret as the key. */
  readonly query: string;
}

/**
 * Reads application and name as other servers do, because people paste and encoders join them in many ways: slashes at the
 * ends and doubled, blanks and line ends, quotes, percent-encoding, `_definst_`, `mp4:` and `flv:` before the name, the whole
 * address in place of the key, the key in the address and again as the key, the application repeated, or in the name alone.
 *
 * @param app The application that is served.
 * @param connected `app` of the `connect` command.
 * @param name Of the `publish` command.
 */
export function readPublishName(app: string, connected: string, name: string): PublishName {
  const [path, query] = splitQuery(clean(name));
  const asked = [...pathParts(splitQuery(clean(connected))[0]), ...pathParts(path)];
  const isApp = (part: string): boolean => part.toLowerCase() === app.toLowerCase();
  const known = asked.length === 0 || isApp(asked[0]!);
  const parts = asked.filter((part) => !isApp(part));
  const distinct = parts.filter((part, index) => parts.indexOf(part) === index);
  return { known, streamKey: distinct.join('/'), query };
}

/** Whether an application can lead to a name that is ours: it begins with `app`, or says nothing. */
export function isAppKnown(app: string, connected: string): boolean {
  return readPublishName(app, connected, '').known;
}

function clean(text: string): string {
  return text.replace(INVISIBLE, '').replace(QUOTES, '');
}

function splitQuery(text: string): [path: string, query: string] {
  const at = text.indexOf('?');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function pathParts(path: string): string[] {
  return path
    .replace(/^[a-z]+:\/\/[^/]*/i, '')
    .split('/')
    .flatMap((part) => decoded(part).split('/'))
    .map((part) => clean(part).replace(/^(?:mp4|flv|f4v):/i, ''))
    .filter((part) => part !== '' && !INSTANCES.has(part));
}

/** A percent sign that encodes nothing stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
