/** A service with one stream, closed after each test. */
import type { Session } from '@media-analyzer/protocol';
import { afterEach, vi } from 'vitest';
import type { StreamServiceOptions } from '../stream-service.js';
import { makeService } from './fakes.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanups.splice(0)) await close();
});

/** Waits until it holds. */
export const settled = (condition: () => boolean | Promise<boolean>) =>
  vi.waitUntil(condition, { timeout: 5000, interval: 2 });

/** What a test of streams stands on. */
export async function scene(change: Partial<StreamServiceOptions> = {}) {
  const parts = makeService(change);
  cleanups.push(() => parts.service.close());
  const stream = await parts.service.create({ name: 'Studio' });
  const { streamKey } = stream;
  return {
    ...parts,
    stream,
    /** A publisher that was accepted. */
    async onAir(key = streamKey) {
      const { sink, connection, code } = await parts.publish(key);
      if (!sink) throw new Error(`refused: ${code}`);
      return { sink, connection };
    },
    current: () => parts.service.get(stream.id),
    async session(): Promise<Session> {
      const { session } = await parts.service.get(stream.id);
      if (!session) throw new Error('there is no session');
      return session;
    },
  };
}
