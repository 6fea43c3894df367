/** Pieces that the route schemas are made of. All shapes come from the protocol package; here they get status and text. */
import { ERRORS, type ErrorCode, errorBody, id } from '@media-analyzer/protocol';
import { z } from 'zod';

export const streamParams = z.object({ id });
export const sessionParams = z.object({ id, sessionId: id });

/** A JSON answer with its description in the OpenAPI document. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** An answer whose body is text or bytes. */
export function body<const T extends string>(contentType: T, description: string) {
  return { description, content: { [contentType]: { schema: z.unknown() } } };
}

type ErrorResponse = ReturnType<typeof json<typeof errorBody>>;

/**
 * The error answers of a route, grouped by status, each naming its codes. Every route can also answer with
 * `origin_refused`, `host_refused` and `internal`, which are added here.
 */
export function errors(...codes: ErrorCode[]): Record<number, ErrorResponse> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes, 'origin_refused', 'host_refused', 'internal'] satisfies ErrorCode[]) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      json(errorBody, list.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join('\n\n')),
    ]),
  );
}
