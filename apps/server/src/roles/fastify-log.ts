import type { FastifyBaseLogger } from 'fastify';
import { type Logger, withFields } from '../log.js';

/** Our log in the shape that Fastify asks for. Its own lines are few: start, stop and failures of requests. */
export function createFastifyLog(log: Logger): FastifyBaseLogger {
  const line =
    (level: keyof Logger) =>
    (first: unknown, text?: unknown): void => {
      if (typeof first === 'string') log[level]({}, first);
      else if (first instanceof Error) log[level]({ err: first }, typeof text === 'string' ? text : first.message);
      else log[level]({ ...(first as object) }, typeof text === 'string' ? text : '');
    };
  return {
    level: 'info',
    fatal: line('error'),
    error: line('error'),
    warn: line('warn'),
    // "Server listening at …": said once, in our own words, when everything is up.
    info: line('debug'),
    debug: line('debug'),
    trace: () => {},
    silent: () => {},
    child: (bindings) => createFastifyLog(withFields(log, bindings)),
  };
}
