/** The OpenAPI 3.1 document, made of the schemas that the routes check with. `/docs`, a page of the dashboard, shows it. */
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

const TAGS = [
  { name: 'streams', description: 'Channels with a secret key; they stay when nobody publishes' },
  { name: 'sessions', description: 'Airings of a stream, and what was seen in them' },
  { name: 'playback', description: 'Low-latency HLS' },
  { name: 'models', description: 'The model store' },
  { name: 'system', description: 'This server' },
  { name: 'operations', description: 'For orchestrators and monitoring' },
];

const DESCRIPTION = `Times are numbers: Unix milliseconds (\`…At\`) or presentation time in milliseconds since the session's epoch
(\`…Ms\`). Lists come in pages: pass \`nextCursor\` as \`cursor\` until it is null. Errors have one shape,
\`{"error":{"code","message","details?"}}\`; branch on the code. Live messages come over the WebSocket \`/ws\`.`;

interface OpenApiDocument {
  readonly paths?: object;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/** Must be called before the routes are registered: the document collects them as they come. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Media Analyzer',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: TAGS,
    },
    transform: jsonSchemaTransform,
    transformObject: (input) => withoutUnusedSchemas(jsonSchemaTransformObject(input)),
  });

  let document: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(document);
  });
}

/** Every registered schema comes in an input and an output form; only those that a route reaches are worth reading. */
function withoutUnusedSchemas<T extends OpenApiDocument>(document: T): T {
  const { schemas = {}, ...components } = document.components ?? {};
  const used = new Set<string>();
  const visit = (part: unknown): void => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      if (schemas[name] !== undefined) visit(schemas[name]);
    }
  };
  visit(document.paths ?? {});
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...document, components: { ...components, schemas: kept } };
}
