import type { LoggedEvent } from './fit/events.js';

/** Numbers at one moment of a run. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** A whole number from 0 on. */
  readonly step: number;
  /** By tag; `/` groups them in TensorBoard. Kept as float32. */
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * The beginning of a TensorBoard event file; its name must contain `tfevents`, e.g.
 * `events.out.tfevents.1700000000.run`. Pure: whoever has a file system writes it.
 *
 * @param wallTime - Seconds since 1970.
 * @example
 * ```ts
 * import { encodeEvents, eventFileHeader, scalarsOf } from '@advrob/training';
 * const [name, wallTime] = ['events.out.tfevents.1.run', Date.now() / 1000];
 * await storage.write(name, eventFileHeader(wallTime));
 * const scalars = scalarsOf(event);
 * await storage.append(name, encodeEvents([{ wallTime, step: event.step, scalars }]));
 * ```
 */
export function eventFileHeader(wallTime: number): Uint8Array {
  return record(join(doubleField(1, wallTime), textField(3, 'brain.Event:2')));
}

/** Events as records to be appended after the header. An event without scalars gives none. */
export function encodeEvents(events: readonly ScalarEvent[]): Uint8Array {
  return join(events.filter(({ scalars }) => Object.keys(scalars).length > 0).map((event) => record(encode(event))));
}

/**
 * The numbers of a logged event by TensorBoard tags: `train/loss/total`, `train/rate`,
 * `validation/trained/robustAccuracy` ...
 */
export function scalarsOf(event: LoggedEvent): Record<string, number> {
  if (event.type === 'validation') {
    const own = { ...event.metrics, score: event.score, behindBest: event.behindBest };
    return tagged(`validation/${event.weights}`, own);
  }
  const { rate, epsilon, epoch, loss, gradientNorm } = event;
  return {
    ...tagged('train/loss', loss),
    ...tagged('train/gradientNorm', gradientNorm),
    ...tagged('train', { rate, epoch, ...(epsilon !== undefined && { epsilon }) }),
  };
}

function tagged(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
}

/** tensorflow.Event with a tensorflow.Summary of simple values. */
function encode({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, join(textField(1, tag), floatField(2, value))),
  );
  return join(doubleField(1, wallTime), integerField(2, step), bytesField(5, join(...values)));
}

/** A TFRecord: length, checksum of the length, data, checksum of the data, all little-endian. */
function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
  return join([length, maskedChecksum(length), data, maskedChecksum(data)]);
}

function maskedChecksum(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, masked, true);
  return out;
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of bytes, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const polynomial = 0x82f63b78;
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/**
 * One field of a protocol buffer message in its binary form
 * (https://protobuf.dev/programming-guides/encoding): pieces to be joined.
 */
type Field = readonly Uint8Array[];

/** A field of fixed 64 bits. */
function doubleField(number: number, value: number): Field {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [varint(number * 8 + 1), bytes];
}

/** A field of fixed 32 bits. */
function floatField(number: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [varint(number * 8 + 5), bytes];
}

/** A whole number from 0 to 2^53 - 1; 0 is left out, as protocol buffers do. */
function integerField(number: number, value: number): Field {
  return value === 0 ? [] : [varint(number * 8), varint(value)];
}

/** A message inside a message, or UTF-8 text. */
function bytesField(number: number, content: Uint8Array): Field {
  return [varint(number * 8 + 2), varint(content.length), content];
}

function textField(number: number, text: string): Field {
  return bytesField(number, new TextEncoder().encode(text));
}

/** The fields as one message. */
function join(...fields: readonly Field[]): Uint8Array {
  const pieces = fields.flat();
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Groups of seven bits, lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
