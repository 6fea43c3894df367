import { CodedError } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { createLogger, type LogOptions, withFields } from './log.js';

function collect(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', format: 'json', write: (line) => void lines.push(line), ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

describe('the log', () => {
  it('writes one JSON object a line, as Cloud Logging reads it', () => {
    const { log, lines, last } = collect();
    log.warn({ streamId: 'abc', waitedMs: 12 }, 'publisher is slow\nreally');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.indexOf('\n')).toBe(lines[0]!.length - 1);
    expect(last()).toMatchObject({
      severity: 'WARNING',
      message: 'publisher is slow\nreally',
      streamId: 'abc',
      waitedMs: 12,
    });
    expect(Number.isNaN(Date.parse(String(last().time)))).toBe(false);
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = collect({ level: 'warn' });
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    expect(lines).toHaveLength(2);
    const silent = collect({ level: 'silent' });
    silent.log.error({}, 'e');
    expect(silent.lines).toEqual([]);
  });

  it('writes lines for people', () => {
    const { log, lines } = collect({ format: 'pretty' });
    log.info({ streamId: 'abc', note: 'two words', bytes: 5, nested: { a: [1] } }, 'session started');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}session started {2}streamId=abc note="two words" bytes=5 nested={"a":\[1\]}\n$/,
    );
    const coloured = collect({ format: 'pretty', colour: true });
    coloured.log.error({}, 'x');
    expect(coloured.lines[0]).toContain('\x1b[31mERROR');
  });

  it('adds the fields of a session to its lines, and the line wins', () => {
    const { log, last } = collect();
    withFields(withFields(log, { sessionId: 's' }), { track: 'video' }).info({ track: 'audio' }, 'x');
    expect(last()).toMatchObject({ sessionId: 's', track: 'audio' });
  });

  it('keeps the fields of an error, and its cause', () => {
    const { log, last } = collect();
    log.error({ error: new CodedError('storage_full', { path: '/data' }, { cause: new Error('ENOSPC') }) }, 'x');
    expect(last().error).toMatchObject({
      name: 'CodedError',
      code: 'storage_full',
      message: expect.stringContaining('/data'),
      cause: { message: 'ENOSPC' },
    });
  });

  it('shows no secret, wherever it stands', () => {
    const secret = 'k3yk3yk3yk3y';
    const { log, lines } = collect();
    log.info(
      {
        streamKey: secret,
        stream_key: secret,
        nested: { list: [{ token: secret, Authorization: secret }] },
        key: secret,
      },
      'x',
    );
    log.info(
      { url: `rtmp://host:1935/live/${secret}`, text: `publishing to rtmps://h/live/${secret}?a=b failed` },
      `at rtmp://h/live/${secret}`,
    );
    log.info(
      { error: new Error(`rtmp://h/live/${secret} refused`, { cause: new Error(`postgres://user:${secret}@db/x`) }) },
      `postgres://u:${secret}@db`,
    );
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).not.toContain(secret);
    expect(lines[1]).toContain('rtmp://host:1935/live/[redacted]');
    expect(lines[2]).toContain('postgres://user:[redacted]@db/x');
  });

  it('survives fields that lead in circles and bytes that are long', () => {
    const { log, last } = collect();
    const circle: Record<string, unknown> = { bytes: new Uint8Array(5) };
    circle.self = circle;
    log.info(circle, 'x');
    expect(last()).toMatchObject({ bytes: '[5 bytes]', self: { bytes: '[5 bytes]' } });
  });
});
