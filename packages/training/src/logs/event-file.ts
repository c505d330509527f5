import type { LoggedEvent } from '../fit/events.js';
import { crc32c } from './crc32c.js';
import { bytesField, doubleField, floatField, integerField, join, textField } from './protocol-buffer.js';

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
 * The beginning of a TensorBoard event file; its name must contain `tfevents`, e.g. `events.out.tfevents.1700000000.run`. Pure: whoever has a file system
 * writes it.
 *
 * @param wallTime - Seconds since 1970.
 * @example
 * ```ts
 * import { encodeEvents, eventFileHeader, scalarsOf } from '@advrob/training';
 * const now = Date.now() / 1000;
 * await storage.write('events.out.tfevents.1.run', eventFileHeader(now));
 * await storage.append('events.out.tfevents.1.run', encodeEvents([{ wallTime: now, step: event.step, scalars: scalarsOf(event) }]));
 * ```
 */
export function eventFileHeader(wallTime: number): Uint8Array {
  return record(join(doubleField(1, wallTime), textField(3, 'brain.Event:2')));
}

/** Events as records to be appended after the header. An event without scalars gives none. */
export function encodeEvents(events: readonly ScalarEvent[]): Uint8Array {
  return join(events.filter(({ scalars }) => Object.keys(scalars).length > 0).map((event) => record(encode(event))));
}

/** The numbers of a logged event by TensorBoard tags: `train/loss/total`, `train/rate`, `validation/trained/robustAccuracy` ... */
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
