import { afterEach, describe, expect, it } from 'vitest';
import { encodeAmf0 } from './amf0.js';
import { MessageType } from './messages.js';
import { RawClient } from './test-client.js';
import { GOOD_KEY, RecordingSink, startServer, type TestServer } from './test-support.js';
import type { PublishDecision, RtmpServerOptions } from './types.js';

let target: TestServer;
const serve = async (options: Partial<RtmpServerOptions> = {}): Promise<TestServer> => {
  target = await startServer(options);
  return target;
};
afterEach(() => target.close());

describe('the stream key', () => {
  it('is refused with BadName and a closed socket, and never with Publish.Start', async () => {
    await serve();
    const client = await RawClient.connected(target.port);
    client.command(1, 'publish', 3, null, 'wrong-key-7Q', 'live');
    const status = await client.status('NetStream.Publish.BadName');
    expect(status.level).toBe('error');
    await client.closed;
    expect(client.statuses).toEqual(['NetStream.Publish.BadName']);
    const closing = await target.nextClosing();
    expect(closing.fields).toMatchObject({ reason: 'refused', code: 'stream_key_unknown' });
    expect(JSON.stringify(target.logs)).not.toContain('wrong-key-7Q');
  });

  it('is decided on before Publish.Start, and nothing that the publisher sends ahead is lost', async () => {
    const { promise: asked, resolve: ask } = deferred<RecordingSink>();
    const { promise: decision, resolve: decide } = deferred<PublishDecision>();
    await serve({
      authorize: (request) => {
        ask(new RecordingSink(request));
        return decision;
      },
    });
    const client = await RawClient.connected(target.port);
    client.command(1, 'publish', 3, null, GOOD_KEY, 'live');
    client.audio('af 00 1190');
    client.audio('af 01 aabb', 20);
    const sink = await asked;
    expect(target.server.stats().publishers).toBe(0);
    decide({ accept: true, sink });
    await sink.until(() => sink.samples.length === 1);
    await client.status('NetStream.Publish.Start');
    expect(client.statuses).toEqual(['NetStream.Publish.Start']);
    expect(sink.audio[0]).toMatchObject({ ptsMs: 20, data: Uint8Array.of(0xaa, 0xbb) });
  });

  it('comes without its query string, which is kept beside it', async () => {
    await serve();
    const client = await RawClient.connected(target.port);
    client.command(1, 'publish', 3, null, `${GOOD_KEY}?token=a?b`, 'live');
    const { request } = await target.nextSink();
    expect(request).toMatchObject({ app: 'live', streamKey: GOOD_KEY, query: 'token=a?b', remoteAddress: '127.0.0.1' });
  });

  it('may stand in the application, as some devices send it', async () => {
    await serve();
    const client = await RawClient.connected(target.port, { app: `live/${GOOD_KEY}/` });
    client.command(1, 'publish', 3, null, '', 'live');
    expect((await target.nextSink()).request).toMatchObject({ app: 'live', streamKey: GOOD_KEY });
  });

  it('stays out of the logs when a person put it where the application belongs', async () => {
    await serve();
    const client = RawClient.open(target.port);
    client.command(0, 'connect', 1, { app: GOOD_KEY });
    const answer = await client.answer(1);
    expect(answer.name).toBe('_error');
    expect(answer.values[1]).toMatchObject({ code: 'NetConnection.Connect.Rejected' });
    await client.closed;
    expect((await target.nextClosing()).fields).toMatchObject({ code: 'rtmp_app_unknown' });
    expect(JSON.stringify(target.logs)).not.toContain(GOOD_KEY);
  });

  it('stays out of the logs when the authorisation itself fails with it in its text', async () => {
    await serve({ authorize: (request) => Promise.reject(new Error(`no row for ${request.streamKey}`)) });
    const client = await RawClient.connected(target.port);
    client.command(1, 'publish', 3, null, GOOD_KEY, 'live');
    expect((await client.status('NetStream.Failed')).level).toBe('error');
    await client.closed;
    expect(JSON.stringify(target.logs)).toContain('no row for (key)');
    expect(JSON.stringify(target.logs)).not.toContain(GOOD_KEY);
  });

  it('ends its sink exactly once when the publisher left before the answer', async () => {
    const { promise: asked, resolve: ask } = deferred<RecordingSink>();
    const { promise: decision, resolve: decide } = deferred<PublishDecision>();
    await serve({
      authorize: (request) => {
        ask(new RecordingSink(request));
        return decision;
      },
    });
    const client = await RawClient.connected(target.port);
    client.command(1, 'publish', 3, null, GOOD_KEY, 'live');
    const sink = await asked;
    sink.request.connection.close('stream_key_busy');
    await client.closed;
    decide({ accept: true, sink });
    expect(await sink.ended).toMatchObject({ kind: 'closed', code: 'stream_key_busy' });
    expect(sink.ends).toHaveLength(1);
    expect(target.server.stats().publishers).toBe(0);
  });
});

describe('the conversation', () => {
  it('says in the answer to connect what it carries of Enhanced RTMP', async () => {
    await serve();
    const client = RawClient.open(target.port);
    client.command(0, 'connect', 1, { app: 'live', fourCcList: ['hvc1'], capsEx: 15 });
    const { values } = await client.answer(1);
    expect(values[1]).toMatchObject({
      code: 'NetConnection.Connect.Success',
      fourCcList: ['avc1', 'hvc1', 'av01', 'mp4a', 'Opus'],
      capsEx: 12,
    });
  });

  it('refuses play politely and stays', async () => {
    await serve();
    const client = await RawClient.connected(target.port);
    client.command(1, 'play', 0, null, 'anything');
    expect(await client.status('NetStream.Play.Failed')).toMatchObject({ level: 'error' });
    client.command(0, 'createStream', 9, null);
    expect((await client.answer(9)).values[1]).toBe(2);
  });

  it('answers pings, bandwidth and unknown commands, and takes commands of type 17', async () => {
    await serve();
    const client = await RawClient.connected(target.port);
    client.send({ type: MessageType.UserControl, body: Buffer.from('000600001234', 'hex') });
    await client.message(
      ({ type, body }) => type === MessageType.UserControl && body.toString('hex') === '000700001234',
    );
    client.send({ type: MessageType.SetPeerBandwidth, body: Buffer.from('0001000002', 'hex') });
    await client.message(({ type, body }) => type === MessageType.WindowAckSize && body.readUInt32BE(0) === 0x10000);
    client.command(0, 'getSomething', 7, null);
    expect((await client.answer(7)).name).toBe('_error');
    client.send({
      type: MessageType.CommandAmf3,
      body: Buffer.concat([Buffer.of(0), encodeAmf0('createStream', 8, null)]),
    });
    expect((await client.answer(8)).name).toBe('_result');
  });

  it('acknowledges what it received, at the window of the peer', async () => {
    await serve();
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    client.send({ type: MessageType.WindowAckSize, body: Buffer.from('00002000', 'hex') });
    client.send({ type: MessageType.Video, streamId: 1, body: Buffer.alloc(10_000) }, 6);
    const { body } = await client.message(({ type }) => type === MessageType.Acknowledgement);
    expect(body.readUInt32BE(0)).toBeGreaterThan(0x2000);
  });

  it('acknowledges before the bandwidth that it set is used up, whatever window the peer names', async () => {
    await serve();
    for (const window of [null, 10_000_000]) {
      const client = await RawClient.publishing(target.port, GOOD_KEY);
      const bandwidth = await client.message(({ type }) => type === MessageType.SetPeerBandwidth);
      const limit = bandwidth.body.readUInt32BE(0);
      const named = Buffer.alloc(4);
      named.writeUInt32BE(window ?? 0);
      if (window) client.send({ type: MessageType.WindowAckSize, body: named });
      // A peer that keeps to the limit stops before it would pass it.
      for (let sent = 0; sent + 100_000 < limit; sent += 100_000)
        client.send({ type: MessageType.Video, streamId: 1, body: Buffer.alloc(99_000) }, 6);
      const { body } = await client.message(({ type }) => type === MessageType.Acknowledgement);
      expect(body.readUInt32BE(0)).toBeLessThan(limit);
      client.socket.destroy();
    }
  });

  it('says who was turned away without the owner being asked, and nothing of those whom the owner refused', async () => {
    const refused: unknown[] = [];
    await serve({ onRefused: ({ error, encoder }) => void refused.push([error.code, encoder]) });
    const wrongApp = RawClient.open(target.port);
    wrongApp.command(0, 'connect', 1, { app: 'vod', flashVer: 'FMLE/3.0' });
    await wrongApp.closed;
    await target.nextClosing();
    const noName = await RawClient.connected(target.port, { flashVer: 'FMLE/3.0' });
    noName.command(1, 'publish', 3, null, ' / ', 'live');
    await noName.closed;
    await target.nextClosing();
    const wrongKey = await RawClient.connected(target.port);
    wrongKey.command(1, 'publish', 3, null, 'wrong', 'live');
    await wrongKey.closed;
    await target.nextClosing();
    expect(refused).toEqual([
      ['rtmp_app_unknown', 'FMLE/3.0'],
      ['stream_key_unknown', 'FMLE/3.0'],
    ]);
  });

  it('follows a change of the chunk size', async () => {
    await serve();
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    const sink = await target.nextSink();
    client.audio('af 00 1190');
    client.send({ type: MessageType.SetChunkSize, body: Buffer.from('00000001', 'hex') });
    client.socket.write(Buffer.from('04000014000003080100 0000af'.replace(' ', ''), 'hex')); // first chunk: one byte
    client.socket.write(Buffer.from('c401c4aa', 'hex'));
    await sink.until(() => sink.audio.length === 1);
    expect(sink.audio[0]!.data).toEqual(Uint8Array.of(0xaa));
  });

  it('calls back after FCPublish and FCUnpublish, which some encoders wait for before they go on', async () => {
    await serve();
    const client = await RawClient.connected(target.port);
    client.command(0, 'FCPublish', 2, null, GOOD_KEY);
    const called = await client.called('onFCPublish');
    expect(called.values[1]).toEqual({ code: 'NetStream.Publish.Start', description: GOOD_KEY });
    expect(client.statuses, 'of a publish that nobody has asked for').toEqual([]);
    client.command(0, 'FCUnpublish', 3, null, GOOD_KEY);
    await client.called('onFCUnpublish');
  });

  it('ends the publish at FCUnpublish, deleteStream or closeStream, and takes another one', async () => {
    await serve();
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    const sink = await target.nextSink();
    client.command(0, 'FCUnpublish', 4, null, GOOD_KEY);
    client.command(0, 'deleteStream', 5, null, 1);
    await client.status('NetStream.Unpublish.Success');
    expect(await sink.ended).toEqual({ kind: 'unpublished' });
    client.command(0, 'createStream', 6, null);
    client.command(2, 'publish', 7, null, GOOD_KEY, 'live');
    const second = await target.nextSink();
    client.socket.destroy();
    expect(await second.ended).toEqual({ kind: 'disconnected' });
    expect(sink.ends).toHaveLength(1);
  });

  it.each([
    ['a command before connect', (client: RawClient) => client.command(0, 'createStream', 1, null)],
    [
      'connect twice',
      (client: RawClient) => {
        client.command(0, 'connect', 1, { app: 'live' });
        client.command(0, 'connect', 2, { app: 'live' });
      },
    ],
    ['a command without a name', (client: RawClient) => client.command(0, 5)],
    ['a control message without its number', (client: RawClient) => client.send({ type: MessageType.Abort })],
    [
      'AMF that nests without end',
      (client: RawClient) => client.send({ type: 20, body: Buffer.alloc(5000, '0a00000001', 'hex') }),
    ],
  ])('ends at %s', async (_, say) => {
    await serve();
    const client = RawClient.open(target.port);
    say(client);
    await client.closed;
    expect((await target.nextClosing()).fields).toMatchObject({ reason: 'failed', code: 'rtmp_protocol_violation' });
  });
});

describe('the media', () => {
  const AAC = 'af 00 1190';
  const publishing = async (): Promise<{ client: RawClient; sink: RecordingSink }> => {
    await serve();
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    return { client, sink: await target.nextSink() };
  };

  it('reports a configuration once, and again when it changes', async () => {
    const { client, sink } = await publishing();
    for (const tag of [AAC, 'af 01 aa', AAC, 'af 00 1210', AAC, 'af 01 bb']) client.audio(tag);
    await sink.until(() => sink.samples.length === 2);
    expect(sink.tracks.map((track) => 'sampleRate' in track && track.sampleRate)).toEqual([48_000, 44_100, 48_000]);
  });

  it('counts and drops what comes before its sequence header', async () => {
    const { client, sink } = await publishing();
    client.video('27 01 000000 00000002 41 9a');
    client.audio('af 01 aa');
    await sink.until(() => sink.troubles.length === 2);
    expect(sink.troubles.sort()).toEqual(['before_configuration of audio', 'before_configuration of video']);
    client.audio(AAC);
    client.audio('af 01 bb');
    await sink.until(() => sink.samples.length === 1);
    expect(target.server.stats()).toMatchObject({
      samples: { video: 0, audio: 1 },
      dropped: { before_configuration: 2 },
    });
  });

  it('tells the publisher of a codec that it cannot carry, and goes on with the other track', async () => {
    const { client, sink } = await publishing();
    client.video('22 00 00');
    client.video('22 00 00');
    const status = await client.status('NetStream.Failed');
    expect(status).toMatchObject({ level: 'warning' });
    expect(status.description).toContain('Sorenson H.263');
    client.audio(AAC);
    client.audio('af 01 bb');
    await sink.until(() => sink.samples.length === 1);
    expect(sink.tracks[0]).toMatchObject({ kind: 'video', codec: 'Sorenson H.263' });
    expect(target.server.stats().dropped.unsupported_codec).toBe(2);
    expect(client.statuses.filter((code) => code === 'NetStream.Failed')).toHaveLength(1);
  });

  it('treats a configuration that cannot be read as a track that cannot be carried, until a good one comes', async () => {
    const { client, sink } = await publishing();
    client.audio('af 00 ff');
    client.audio('af 01 aa');
    client.audio(AAC);
    client.audio('af 01 bb');
    await sink.until(() => sink.samples.length === 1);
    expect(sink.tracks).toMatchObject([{ kind: 'audio', codec: 'aac' }, { codecString: 'mp4a.40.2' }]);
    expect(target.server.stats().dropped.unsupported_codec).toBe(1);
  });

  it('ends a publisher that has no usable track for too long', async () => {
    await serve({ limits: { usableTrackTimeoutMs: 50 } });
    const client = await RawClient.publishing(target.port, GOOD_KEY);
    client.video('22 00 00');
    await client.closed;
    expect(await (await target.nextSink()).ended).toMatchObject({ kind: 'failed', code: 'codec_unsupported' });
  });

  it('goes on counting when the clock of RTMP wraps, and follows a step back', async () => {
    const { client, sink } = await publishing();
    client.audio(AAC, 0xfffffff0);
    for (const time of [0xfffffff0, 0x10, 0x30, 0x20]) client.audio('af 01 aa', time);
    await sink.until(() => sink.samples.length === 4);
    expect(sink.audio.map((sample) => sample.dtsMs)).toEqual([4294967280, 4294967312, 4294967344, 4294967328]);
  });

  it('takes aggregate messages apart', async () => {
    const { client, sink } = await publishing();
    const tag = (time: number, hex: string): Buffer => {
      const body = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      const head = Buffer.from([8, 0, 0, body.length, 0, 0, time, 0, 0, 0, 0]);
      return Buffer.concat([head, body, Buffer.alloc(4)]);
    };
    const body = Buffer.concat([tag(100, AAC), tag(100, 'af 01 aa'), tag(121, 'af 01 bb')]);
    client.send({ type: MessageType.Aggregate, streamId: 1, timestamp: 5000, body }, 4);
    await sink.until(() => sink.samples.length === 2);
    expect(sink.audio.map((sample) => sample.dtsMs)).toEqual([5000, 5021]);
  });

  it('passes metadata on, and survives metadata that it cannot read', async () => {
    const { client, sink } = await publishing();
    client.send({ type: MessageType.DataAmf0, streamId: 1, body: Buffer.of(2, 0xff) });
    client.send({
      type: MessageType.DataAmf0,
      streamId: 1,
      body: encodeAmf0('@setDataFrame', 'onMetaData', { encoder: 'x' }),
    });
    await sink.until(() => sink.metadata.length === 1);
    expect({ ...sink.metadata[0] }).toEqual({ encoder: 'x' });
    expect(target.logs.filter((line) => line.text === 'RTMP metadata cannot be read')).toHaveLength(1);
  });

  it('ends only its own connection when a sink throws', async () => {
    const other: RecordingSink[] = [];
    await serve({
      authorize: (request) => {
        const sink = new RecordingSink(request);
        if (request.streamKey === GOOD_KEY) other.push(sink);
        else
          sink.onTrack = () => {
            throw new Error('broken sink');
          };
        return { accept: true, sink };
      },
    });
    const good = await RawClient.publishing(target.port, GOOD_KEY);
    const bad = await RawClient.publishing(target.port, 'bad');
    bad.audio(AAC);
    await bad.closed;
    expect((await target.nextClosing()).fields).toMatchObject({ reason: 'failed', code: 'internal' });
    good.audio(AAC);
    good.audio('af 01 aa');
    await other[0]!.until(() => other[0]!.samples.length === 1);
  });
});

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
