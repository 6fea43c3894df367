import path from 'node:path';
import { z } from 'zod';

/** One environment variable: its rule, its default, and what a person has to know to set it. */
export interface Variable<T> {
  /** Turns the text into the typed value; its issues are the rule that a wrong value broke. */
  readonly schema: z.ZodType<T, string>;
  /** Value when the variable is unset or empty. */
  readonly fallback: T;
  /** The default as documentation shows it. */
  readonly shownDefault: string;
  /** Unit, or the shape of the value. */
  readonly unit: string;
  /** What it is for, and why the default is what it is. One sentence or two. */
  readonly reason: string;
  /** Never shown in an error text. */
  readonly secret: boolean;
}

interface Common {
  readonly unit: string;
  readonly reason: string;
}

/** A whole number within `min..max`, both inclusive. */
export function integer(
  options: Common & { fallback: number; min: number; max: number; shownDefault?: string },
): Variable<number> {
  return {
    ...options,
    schema: wholeNumber(options.min, options.max),
    shownDefault: options.shownDefault ?? String(options.fallback),
    secret: false,
  };
}

/** A whole number, or the word `none` for no limit (null). */
export function integerOrNone(
  options: Common & { fallback: number | null; min: number; max: number },
): Variable<number | null> {
  const number = wholeNumber(options.min, options.max);
  return {
    ...options,
    schema: z.string().transform((text, context): number | null => {
      if (text === 'none') return null;
      const parsed = number.safeParse(text);
      if (parsed.success) return parsed.data;
      return refuse(context, `must be "none" or a whole number ${options.min}..${options.max}`);
    }),
    shownDefault: String(options.fallback ?? 'none'),
    secret: false,
  };
}

/** A decimal number within `min..max`; unset is null. */
export function optionalDecimal(
  options: Common & { min: number; max: number; shownDefault: string },
): Variable<number | null> {
  return { ...options, schema: decimalNumber(options.min, options.max), fallback: null, secret: false };
}

/** A decimal number within `min..max`. */
export function decimal(options: Common & { fallback: number; min: number; max: number }): Variable<number> {
  const schema = decimalNumber(options.min, options.max);
  return { ...options, schema, shownDefault: String(options.fallback), secret: false };
}

/** One of a few words. */
export function choice<const T extends string>(options: Common & { values: readonly T[]; fallback: T }): Variable<T> {
  return {
    ...options,
    schema: z.string().transform((text, context): T => {
      const value = options.values.find((candidate) => candidate === text);
      return value ?? refuse(context, `must be one of ${options.values.join(', ')}`);
    }),
    shownDefault: options.fallback,
    secret: false,
  };
}

/** Text that matches a pattern. `rule` completes the sentence "it …". */
export function text(options: Common & { fallback: string; pattern: RegExp; rule: string }): Variable<string> {
  return {
    ...options,
    schema: z.string().regex(options.pattern, options.rule),
    shownDefault: options.fallback,
    secret: false,
  };
}

/** Like `text`; unset is null. */
export function optionalText(
  options: Common & { pattern: RegExp; rule: string; shownDefault: string },
): Variable<string | null> {
  return { ...options, schema: z.string().regex(options.pattern, options.rule), fallback: null, secret: false };
}

/** A folder; relative ones count from the working directory. */
export function folder(options: Common & { fallback: string }): Variable<string> {
  return {
    ...options,
    schema: z
      .string()
      .refine(hasNoNul, 'must be a path without NUL characters')
      .transform((value) => path.resolve(value)),
    fallback: path.resolve(options.fallback),
    shownDefault: options.fallback,
    secret: false,
  };
}

/** A folder or an http(s) base address. */
export function folderOrUrl(options: Common): Variable<string | null> {
  return {
    ...options,
    schema: z.string().transform((value, context): string => {
      if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
        return hasNoNul(value) ? path.resolve(value) : refuse(context, 'must be a path without NUL characters');
      return (
        parseUrl(value, ['http:', 'https:'])?.href.replace(/\/+$/, '') ??
        refuse(context, 'must be a folder or an http(s) address')
      );
    }),
    fallback: null,
    shownDefault: '(none)',
    secret: false,
  };
}

/** An address of one of `protocols`; a trailing slash is dropped. With `path: false` it must end after host and port. */
export function url(
  options: Common & { protocols: readonly string[]; path: boolean; secret?: boolean; shownDefault: string },
): Variable<string | null> {
  const schemes = options.protocols.map((protocol) => `${protocol}//`).join(' or ');
  return {
    ...options,
    schema: z.string().transform((value, context): string => {
      const parsed = parseUrl(value, options.protocols);
      if (!parsed) return refuse(context, `must be an address that begins with ${schemes}`);
      if (!options.path && (parsed.pathname.replace('/', '') !== '' || parsed.search !== '' || parsed.hash !== '')) {
        return refuse(context, 'must end after host and port');
      }
      return value.replace(/\/+$/, '');
    }),
    fallback: null,
    secret: options.secret ?? false,
  };
}

/** A comma-separated list; each entry is normalised by `entry`, which returns null for one that breaks `rule`. */
export function list(
  options: Common & { entry: (text: string) => string | null; rule: string },
): Variable<readonly string[]> {
  return {
    ...options,
    schema: z.string().transform((value, context): readonly string[] => {
      const entries: string[] = [];
      for (const part of value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean)) {
        const entry = options.entry(part);
        if (entry === null) return refuse(context, `${options.rule} ("${part}" is not)`);
        entries.push(entry);
      }
      return Object.freeze(entries);
    }),
    fallback: Object.freeze([]),
    shownDefault: '(none)',
    secret: false,
  };
}

/** A variable of a later version: any value is refused, because silence would look like support. */
export function unsupported(options: Common): Variable<null> {
  return {
    ...options,
    schema: z
      .string()
      .transform((_value, context): null => refuse(context, 'is not supported by this version; unset it')),
    fallback: null,
    shownDefault: '(must be unset)',
    secret: true,
  };
}

/** `https://host:port` in its canonical form, or null. */
export function normaliseOrigin(value: string): string | null {
  const parsed = parseUrl(value, ['http:', 'https:']);
  if (parsed?.pathname !== '/' || parsed.search !== '' || parsed.hash !== '' || parsed.username !== '') return null;
  return parsed.origin;
}

/** `host` or `host:port` in lower case, or null. */
export function normaliseHost(value: string): string | null {
  if (/[/?#@\s]/.test(value)) return null;
  return parseUrl(`http://${value}`, ['http:'])?.host ?? null;
}

function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z.string().transform((value, context): number => {
    const number = Number(value);
    if (/^\d{1,16}$/.test(value) && number >= min && number <= max) return number;
    return refuse(context, `must be a whole number ${min}..${max}`);
  });
}

function decimalNumber(min: number, max: number): z.ZodType<number, string> {
  return z.string().transform((value, context): number => {
    const number = Number(value);
    if (/^\d+(\.\d+)?$/.test(value) && number >= min && number <= max) return number;
    return refuse(context, `must be a number ${min}..${max}`);
  });
}

function refuse(context: { addIssue(issue: string): void }, rule: string): never {
  context.addIssue(rule);
  return z.NEVER;
}

function hasNoNul(value: string): boolean {
  return !value.includes('\0');
}

function parseUrl(value: string, protocols: readonly string[]): URL | null {
  if (!URL.canParse(value)) return null;
  const parsed = new URL(value);
  return protocols.includes(parsed.protocol) && parsed.hostname !== '' ? parsed : null;
}
