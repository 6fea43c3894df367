/**
 * AMF0 (Action Message Format, "AMF 0", Adobe 2007): the values of RTMP commands and metadata. All types of the
 * specification are read; the two that it reserves (movie clip, record set) and the switch to AMF3 are refused.
 */

/** An object or ECMA array. It has no prototype, so that a key such as `__proto__` is only a key. */
export interface AmfObject {
  [key: string]: AmfValue;
}
/** What AMF0 can carry (Action Message Format 0, section 2). */
export type AmfValue = number | boolean | string | null | undefined | Date | AmfReference | AmfObject | AmfValue[];

/**
 * A reference to an earlier object of the same message. It is not followed: no encoder sends one, and following them makes
 * cycles, or a few bytes that print as gigabytes.
 */
export class AmfReference {
  constructor(readonly index: number) {}
}

/** The bytes are not AMF0, or more of it than allowed. The text names no value of the peer. */
export class AmfError extends Error {
  override readonly name = 'AmfError';
}

export interface AmfLimits {
  /** Levels of nested objects and arrays. */
  readonly maxAmfDepth: number;
  /** Values in one message, nested ones included. */
  readonly maxAmfValues: number;
}

const Marker = {
  Number: 0x00,
  Boolean: 0x01,
  String: 0x02,
  Object: 0x03,
  Null: 0x05,
  Undefined: 0x06,
  Reference: 0x07,
  EcmaArray: 0x08,
  ObjectEnd: 0x09,
  StrictArray: 0x0a,
  Date: 0x0b,
  LongString: 0x0c,
  Unsupported: 0x0d,
  XmlDocument: 0x0f,
  TypedObject: 0x10,
} as const;

/**
 * Reads all values of a message body. XML documents become strings, typed objects lose their class name, the
 * `unsupported` marker becomes `undefined`.
 *
 * @throws AmfError
 */
export function decodeAmf0(bytes: Uint8Array, limits: AmfLimits): AmfValue[] {
  const reader = new Amf0Reader(bytes, limits);
  const values: AmfValue[] = [];
  while (!reader.atEnd) values.push(reader.value(0));
  return values;
}

class Amf0Reader {
  readonly #bytes: Buffer;
  readonly #limits: AmfLimits;
  #offset = 0;
  #values = 0;

  constructor(bytes: Uint8Array, limits: AmfLimits) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  value(depth: number): AmfValue {
    if (++this.#values > this.#limits.maxAmfValues)
      throw new AmfError(`it has more than ${this.#limits.maxAmfValues} values`);
    if (depth > this.#limits.maxAmfDepth) throw new AmfError(`it nests deeper than ${this.#limits.maxAmfDepth} levels`);
    const at = this.#offset;
    const marker = this.#bytes[this.#take(1)]!;
    switch (marker) {
      case Marker.Number:
        return this.#bytes.readDoubleBE(this.#take(8));
      case Marker.Boolean:
        return this.#bytes[this.#take(1)] !== 0;
      case Marker.String:
        return this.#string(this.#uint16());
      case Marker.Object:
        return this.#properties(depth);
      case Marker.Null:
        return null;
      case Marker.Undefined:
      case Marker.Unsupported:
        return undefined;
      case Marker.Reference:
        return new AmfReference(this.#uint16());
      case Marker.EcmaArray:
        this.#uint32(); // a hint that encoders get wrong; the end marker counts
        return this.#properties(depth);
      case Marker.StrictArray:
        return this.#array(depth);
      case Marker.Date: {
        const at = this.#bytes.readDoubleBE(this.#take(8));
        this.#take(2); // time zone, reserved: "should be set to 0x0000" (2.13)
        return new Date(at);
      }
      case Marker.LongString:
      case Marker.XmlDocument:
        return this.#string(this.#uint32());
      case Marker.TypedObject:
        this.#string(this.#uint16());
        return this.#properties(depth);
      default:
        throw new AmfError(`the marker ${marker} at byte ${at} is not a value`);
    }
  }

  #properties(depth: number): AmfObject {
    const object: AmfObject = Object.create(null);
    for (;;) {
      // Some encoders leave out the end marker of the last object of a message.
      if (this.atEnd) return object;
      const key = this.#string(this.#uint16());
      if (key === '' && this.#bytes[this.#offset] === Marker.ObjectEnd) {
        this.#offset++;
        return object;
      }
      object[key] = this.value(depth + 1);
    }
  }

  #array(depth: number): AmfValue[] {
    const length = this.#uint32();
    // Every value takes at least a byte, so a length beyond the bytes left is refused before anything is allocated.
    if (length > this.#bytes.length - this.#offset) throw new AmfError(`an array of ${length} values ends early`);
    const array: AmfValue[] = [];
    for (let index = 0; index < length; index++) array.push(this.value(depth + 1));
    return array;
  }

  #string(length: number): string {
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  #uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  #uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** Moves past `count` bytes and returns where they start. */
  #take(count: number): number {
    const start = this.#offset;
    if (count > this.#bytes.length - start) throw new AmfError(`${count} bytes at byte ${start} end early`);
    this.#offset = start + count;
    return start;
  }
}

/** Writes values one after the other. Objects without an array's nature are written as `object`, never as ECMA array. */
export function encodeAmf0(...values: readonly AmfValue[]): Buffer {
  const parts: Buffer[] = [];
  for (const value of values) encodeValue(value, parts);
  return Buffer.concat(parts);
}

/** Writes an object as ECMA array (2.10), the form that metadata have in the wild. */
export function encodeAmf0EcmaArray(object: AmfObject): Buffer {
  const head = Buffer.alloc(5);
  head[0] = Marker.EcmaArray;
  head.writeUInt32BE(Object.keys(object).length, 1);
  const parts = [head];
  encodeProperties(object, parts);
  return Buffer.concat(parts);
}

function encodeValue(value: AmfValue, parts: Buffer[]): void {
  if (value === null) parts.push(Buffer.of(Marker.Null));
  else if (value === undefined) parts.push(Buffer.of(Marker.Undefined));
  else if (typeof value === 'boolean') parts.push(Buffer.of(Marker.Boolean, value ? 1 : 0));
  else if (typeof value === 'number') parts.push(double(Marker.Number, value, 9));
  else if (typeof value === 'string') encodeString(value, parts);
  else if (value instanceof Date) parts.push(double(Marker.Date, value.getTime(), 11));
  else if (value instanceof AmfReference) parts.push(Buffer.of(Marker.Reference, value.index >> 8, value.index & 255));
  else if (Array.isArray(value)) {
    const head = Buffer.alloc(5);
    head[0] = Marker.StrictArray;
    head.writeUInt32BE(value.length, 1);
    parts.push(head);
    for (const item of value) encodeValue(item, parts);
  } else {
    parts.push(Buffer.of(Marker.Object));
    encodeProperties(value, parts);
  }
}

function encodeProperties(object: AmfObject, parts: Buffer[]): void {
  for (const [key, value] of Object.entries(object)) {
    const text = Buffer.from(key, 'utf8');
    if (text.length > 0xffff)
      throw new RangeError(`a property name has ${text.length} bytes, at most 65535 can be sent`);
    parts.push(Buffer.of(text.length >> 8, text.length & 255), text);
    encodeValue(value, parts);
  }
  parts.push(Buffer.of(0, 0, Marker.ObjectEnd));
}

function encodeString(value: string, parts: Buffer[]): void {
  const text = Buffer.from(value, 'utf8');
  if (text.length <= 0xffff) {
    parts.push(Buffer.of(Marker.String, text.length >> 8, text.length & 255), text);
    return;
  }
  const head = Buffer.alloc(5);
  head[0] = Marker.LongString;
  head.writeUInt32BE(text.length, 1);
  parts.push(head, text);
}

function double(marker: number, value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes[0] = marker;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** Whether a value is a plain object, to read properties of a command from. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof AmfReference)
  );
}
