import { describe, expect, it } from 'vitest';
import { addressOf, curlOf, exampleOf, groupsOf, type OpenApi, piecesOf, typeText } from './openapi';

const document: OpenApi = {
  info: { title: 'T', version: '1' },
  tags: [{ name: 'system', description: 'The server' }, { name: 'streams' }],
  paths: {
    '/api/streams': {
      get: { tags: ['streams'], operationId: 'listStreams', responses: { 200: { description: 'ok' } } },
      post: {
        tags: ['streams'],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/New' } } } },
      },
    },
    '/metrics': { get: { summary: 'Numbers' } },
  },
};
const schemas = {
  New: {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'Shown\nto people' },
      mode: { enum: ['a', 'b'] },
      parent: { anyOf: [{ $ref: '#/components/schemas/New' }, { type: 'null' }] },
      sizes: { type: 'array', items: { type: ['number', 'null'] } },
    },
    required: ['name', 'mode'],
  },
};

describe('the document', () => {
  it('is told under its headings, in their order, what has none last', () => {
    const groups = groupsOf(document);
    expect(
      groups.map(({ name, operations }) => [name, operations.map(({ method, path }) => `${method} ${path}`)]),
    ).toEqual([
      ['streams', ['GET /api/streams', 'POST /api/streams']],
      ['', ['GET /metrics']],
    ]);
    const ids = groups.flatMap(({ operations }) => operations.map(({ id }) => id));
    expect(new Set(ids).size).toBe(3);
  });

  it('writes schemas as types, named ones below the first by their name', () => {
    expect(typeText({ $ref: '#/components/schemas/New' }, schemas)).toBe(
      '{\n  name: string  // Shown to people\n  mode: "a" | "b"\n  parent?: New | null\n  sizes?: (number | null)[]\n}',
    );
  });

  it('begins a body with what is required', () => {
    expect(exampleOf({ $ref: '#/components/schemas/New' }, schemas)).toEqual({ name: 'text', mode: 'a' });
  });

  it('takes code out of prose', () => {
    expect(piecesOf('Pass `cursor` on')).toEqual([
      { code: false, text: 'Pass ' },
      { code: true, text: 'cursor' },
      { code: false, text: ' on' },
    ]);
  });
});

describe('a request', () => {
  it('has its values escaped in the path and the query, and leaves empty ones out', () => {
    const parameters = [
      { name: 'id', in: 'path' },
      { name: 'from', in: 'query' },
      { name: 'to', in: 'query' },
    ];
    expect(addressOf({ path: '/api/streams/{id}', parameters }, { id: 'a/b', from: '1 2', to: '' })).toBe(
      '/api/streams/a%2Fb?from=1+2',
    );
  });

  it('can be pasted into a shell, quotes included', () => {
    const body = `{"name":"it's"}`;
    expect(curlOf({ method: 'POST', url: 'http://h/api', body, type: 'application/json' })).toBe(
      `curl -X POST -H 'content-type: application/json' -d '{"name":"it'\\''s"}' 'http://h/api'`,
    );
  });
});
