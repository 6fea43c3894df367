import { fileURLToPath } from 'node:url';
import type { Stream } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../log.js';
import { makeStream } from '../testing/fixtures.js';
import { Demo, type LoopPublisherEvents } from './demo.js';

function make({ clip = fileURLToPath(import.meta.url) } = {}) {
  const streams = new Map<string, Stream>();
  const publishers: { readonly events: LoopPublisherEvents; started: number; stopped: number }[] = [];
  const demo = new Demo({
    clip,
    log: silentLog,
    streams: {
      async create(name) {
        const stream = makeStream({ id: `stream-${streams.size + 1}`, name });
        streams.set(stream.id, stream);
        return stream;
      },
      findByName: async (name) => [...streams.values()].find((stream) => stream.name === name) ?? null,
      find: async (id) => streams.get(id) ?? null,
    },
    openPublisher(_file, events) {
      const publisher = { events, started: 0, stopped: 0 };
      publishers.push(publisher);
      return {
        start: () => {
          publisher.started += 1;
        },
        stop: async () => {
          publisher.stopped += 1;
        },
      };
    },
  });
  return { demo, streams, publishers };
}

describe('the demo', () => {
  it('makes a stream of its own and publishes the clip on it', async () => {
    const { demo, streams, publishers } = make();
    expect(demo.status).toEqual({ running: false, streamId: null });
    expect(await demo.start()).toEqual({ running: true, streamId: 'stream-1' });
    expect([...streams.values()].map(({ name }) => name)).toEqual(['Demo']);
    expect(publishers).toMatchObject([{ started: 1 }]);
    expect(await publishers[0]!.events.target()).toBe(streams.get('stream-1'));
  });

  it('is joined by who asks for it at the same time or later', async () => {
    const { demo, publishers, streams } = make();
    await Promise.all([demo.start(), demo.start(), demo.start()]);
    await demo.start();
    expect(publishers).toHaveLength(1);
    expect(streams.size).toBe(1);
  });

  it('stops, remembers its stream, and takes the same one the next time', async () => {
    const { demo, publishers, streams } = make();
    await demo.stop();
    await demo.start();
    expect(await demo.stop()).toEqual({ running: false, streamId: 'stream-1' });
    expect(publishers[0]).toMatchObject({ stopped: 1 });
    await demo.start();
    expect(streams.size).toBe(1);
    expect(publishers).toHaveLength(2);
  });

  it('says that the clip is missing, and makes no stream for nothing', async () => {
    const { demo, streams } = make({ clip: '/nowhere/clip.mp4' });
    await expect(demo.start()).rejects.toMatchObject({ code: 'demo_clip_missing' });
    expect(streams.size).toBe(0);
    expect(demo.status).toEqual({ running: false, streamId: null });
  });

  it('publishes with the key that the stream has now', async () => {
    const { demo, streams, publishers } = make();
    await demo.start();
    streams.set('stream-1', makeStream({ id: 'stream-1', name: 'Demo', streamKey: 'new-key' }));
    expect(await publishers[0]!.events.target()).toMatchObject({ streamKey: 'new-key' });
  });

  it('ends when its stream was removed', async () => {
    const { demo, streams, publishers } = make();
    await demo.start();
    streams.clear();
    expect(await publishers[0]!.events.target()).toBeNull();
    expect(await demo.stop()).toEqual({ running: false, streamId: null });
    expect(publishers[0]).toMatchObject({ stopped: 1 });
  });
});
