/** The parts of an OpenAPI 3.1 document that a person reads, as plain data; what the page shows of them, as plain functions. */

/** A JSON schema, as far as our document uses it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** One parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface OperationObject {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses?: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** The document. */
export interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** One thing that the API does. */
export interface Operation {
  /** For the address of the page: unique and stable. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string | null;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly type: string; readonly schema: Schema } | null;
  readonly responses: readonly {
    readonly status: string;
    readonly description: string;
    readonly schema: Schema | null;
  }[];
}

/** Operations under the same heading. */
export interface OperationGroup {
  readonly name: string;
  readonly description: string | null;
  readonly operations: readonly Operation[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** All operations in the order of the document's headings; those of none come last. */
export function groupsOf(document: OpenApi): OperationGroup[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) =>
      methods[method] ? [{ tag: methods[method].tags?.[0] ?? '', ...operationOf(method, path, methods[method]) }] : [],
    ),
  );
  const names = new Set([...(document.tags ?? []).map(({ name }) => name), ...all.map(({ tag }) => tag)]);
  return [...names]
    .map((name) => ({
      name,
      description: document.tags?.find((tag) => tag.name === name)?.description ?? null,
      operations: all.filter(({ tag }) => tag === name),
    }))
    .filter(({ operations }) => operations.length > 0);
}

function operationOf(method: string, path: string, operation: OperationObject): Operation {
  const [body] = Object.entries(operation.requestBody?.content ?? {});
  return {
    id: operation.operationId ?? `${method}${path.replace(/\W+/g, '-')}`,
    method: method.toUpperCase(),
    path,
    summary: operation.summary ?? '',
    description: operation.description ?? null,
    parameters: operation.parameters ?? [],
    body: body ? { type: body[0], schema: body[1].schema ?? {} } : null,
    responses: Object.entries(operation.responses ?? {}).map(([status, { description, content }]) => ({
      status,
      description,
      schema: content?.['application/json']?.schema ?? null,
    })),
  };
}

/** Text with `code` in it, in pieces. */
export function piecesOf(text: string): { readonly code: boolean; readonly text: string }[] {
  return text.split('`').map((piece, index) => ({ code: index % 2 === 1, text: piece }));
}

/** A schema as a type that a programmer reads at a glance; named schemas below the first are told by their name. */
export function typeText(schema: Schema, schemas: Readonly<Record<string, Schema>>): string {
  const name = nameOf(schema);
  return write(name ? (schemas[name] ?? schema) : schema, '');
}

function write(schema: Schema, indent: string): string {
  const name = nameOf(schema);
  if (name) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((choice) => write(choice, indent)))].join(' | ');
  if (schema.allOf) return schema.allOf.map((part) => write(part, indent)).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => write({ ...schema, type }, indent)).join(' | ');
  if (schema.type === 'array') return `${bracketed(write(schema.items ?? {}, indent))}[]`;
  if (schema.properties) return writeObject(schema, schema.properties, indent);
  if (typeof schema.additionalProperties === 'object')
    return `{ [name]: ${write(schema.additionalProperties, indent)} }`;
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function writeObject(schema: Schema, properties: Readonly<Record<string, Schema>>, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([key, property]) => {
    const optional = schema.required?.includes(key) ? '' : '?';
    const comment = property.description ? `  // ${property.description.replace(/\s+/g, ' ')}` : '';
    return `${inner}${key}${optional}: ${write(property, inner)}${comment}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

const bracketed = (type: string) => (type.includes(' | ') || type.includes(' & ') ? `(${type})` : type);

/** A body to begin with: what is required, in the shape that is asked for. */
export function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  const name = nameOf(schema);
  if (name) return exampleOf(schemas[name] ?? {}, schemas);
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.[0];
  if (choice) return exampleOf(choice, schemas);
  if (schema.properties) {
    const keys = Object.keys(schema.properties);
    const wanted = schema.required?.length ? keys.filter((key) => schema.required?.includes(key)) : keys;
    return Object.fromEntries(wanted.map((key) => [key, exampleOf(schema.properties?.[key] ?? {}, schemas)]));
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'array') return [];
  if (type === 'number' || type === 'integer') return schema.minimum ?? 0;
  if (type === 'boolean') return false;
  return type === 'string' ? 'text' : null;
}

function nameOf({ $ref }: Schema): string | null {
  return $ref?.split('/').at(-1) ?? null;
}

/** What is sent: the path with its values, relative to the server; empty values of the query are left out. */
export function addressOf(
  { path, parameters }: Pick<Operation, 'path' | 'parameters'>,
  values: Readonly<Record<string, string>>,
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
  const query = new URLSearchParams();
  for (const parameter of parameters) {
    const value = values[parameter.name] ?? '';
    if (parameter.in === 'query' && value !== '') query.set(parameter.name, value);
  }
  return query.size === 0 ? filled : `${filled}?${query}`;
}

/** The same request for a terminal. */
export function curlOf(request: {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
  readonly type: string | null;
}): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ['curl'];
  if (request.method !== 'GET') parts.push('-X', request.method);
  if (request.body !== null) parts.push('-H', quote(`content-type: ${request.type}`), '-d', quote(request.body));
  return [...parts, quote(request.url)].join(' ');
}
