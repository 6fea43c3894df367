import { describe, expect, it } from 'vitest';
import { answerHandshake, finishHandshake, HANDSHAKE_BYTES, openHandshake, ServerHandshake } from './handshake.js';

const s0s1s2 = (reply: Buffer): { s1: Buffer; s2: Buffer } => ({
  s1: reply.subarray(1, 1 + HANDSHAKE_BYTES),
  s2: reply.subarray(1 + HANDSHAKE_BYTES),
});

describe('the handshake', () => {
  it('answers the simple form in the simple form and returns the bytes of the client', () => {
    const c0c1 = openHandshake('simple');
    const { form, reply } = answerHandshake(c0c1);
    expect(form).toBe('simple');
    expect(reply[0]).toBe(3);
    const { s1, s2 } = s0s1s2(reply);
    expect(s1.readUInt32BE(4)).toBe(0);
    expect(s2).toEqual(c0c1.subarray(1));
    expect(finishHandshake('simple', reply)).toEqual(s1);
  });

  it.each([0, 1] as const)('answers digest scheme %d in the same scheme', (scheme) => {
    // Random bytes place the digest elsewhere each time; a few rounds meet most of the offsets.
    for (let round = 0; round < 50; round++) {
      const { form, reply } = answerHandshake(openHandshake(scheme));
      expect(form).toBe(scheme);
      const { s1 } = s0s1s2(reply);
      expect(s1.readUInt32BE(4)).not.toBe(0);
      // A client that finds the digest of the server signs; one that does not echoes.
      expect(finishHandshake(scheme, reply)).not.toEqual(s1);
    }
  });

  it('takes a digest that does not match as the simple form', () => {
    const c0c1 = openHandshake(0);
    c0c1[1000] = c0c1[1000]! ^ 1;
    c0c1[1 + 1535] = c0c1[1 + 1535]! ^ 1;
    expect(answerHandshake(c0c1)).toMatchObject({ form: 'simple' });
  });

  it('refuses another version at the first byte', () => {
    expect(() => new ServerHandshake().push(Buffer.from('GET / HTTP/1.1\r\n'), () => {})).toThrow(
      expect.objectContaining({ code: 'rtmp_protocol_violation' }),
    );
  });

  it('takes C0, C1 and C2 in any pieces and returns what follows', () => {
    const bytes = Buffer.concat([openHandshake('simple'), Buffer.alloc(HANDSHAKE_BYTES, 5), Buffer.from('rest')]);
    for (const size of [1, 100, 1537, 1538, 4000]) {
      const handshake = new ServerHandshake();
      const replies: Buffer[] = [];
      let rest: Buffer | null = null;
      const after: Buffer[] = [];
      for (let offset = 0; offset < bytes.length; offset += size) {
        const piece = bytes.subarray(offset, offset + size);
        if (rest === null) rest = handshake.push(piece, (reply) => replies.push(reply));
        else after.push(piece);
      }
      expect(replies.map((reply) => reply.length)).toEqual([1 + 2 * HANDSHAKE_BYTES]);
      expect(Buffer.concat([rest!, ...after]).toString()).toBe('rest');
    }
  });
});
