import { integers } from '../random/host-draws.js';

/** Draws an integer from 0 to `below - 1`. */
type Draw = (below: number) => number;
type Mutation = (bytes: Uint8Array<ArrayBuffer>, draw: Draw) => Uint8Array<ArrayBuffer>;

/** Bytes at the front in which most formats keep their magic numbers, sizes and offsets. */
const headerSize = 64;
/** Most mutations that one file receives. */
const mostMutations = 3;
const drawsPerFile = 64;

/**
 * A damaged copy of a file: one to three of bit flips, truncation, duplication, deletion, splices,
 * appended bytes and integers overwritten with values that break size arithmetic. It depends on
 * (bytes, seed, index) alone, so a failure is repeated by its seed and index.
 *
 * @param index Which damage: count it up for others.
 * @example
 * ```ts
 * import { mutate } from '@advrob/core/testing';
 * const damaged = mutate(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7), 0, 12);
 * ```
 */
export function mutate(bytes: Uint8Array, seed: number, index: number): Uint8Array {
  const draws = integers(seed, 'mutate', drawsPerFile, 0, 2 ** 31, index);
  let used = 0;
  const draw: Draw = (below) => draws[used++ % drawsPerFile]! % below;
  // A copy as a plain Uint8Array: slice() of a Node Buffer would be a view, and damage the
  // original.
  let damaged = new Uint8Array(bytes);
  for (let left = 1 + draw(mostMutations); left > 0; left--)
    damaged = mutations[draw(mutations.length)]!(damaged, draw);
  return damaged;
}

const mutations: readonly Mutation[] = [
  flipBits,
  truncate,
  duplicate,
  remove,
  splice,
  append,
  editInteger,
  editInteger,
];

function flipBits(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return bytes;
  const damaged = bytes.slice();
  for (let left = 1 + draw(8); left > 0; left--) damaged[place(bytes.length, draw)]! ^= 1 << draw(8);
  return damaged;
}

function truncate(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, place(bytes.length + 1, draw));
}

/** A span of the file once more, behind itself. */
function duplicate(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  const [start, end] = span(bytes, draw);
  return join(bytes.subarray(0, end), bytes.subarray(start, end), bytes.subarray(end));
}

function remove(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  const [start, end] = span(bytes, draw);
  return join(bytes.subarray(0, start), bytes.subarray(end));
}

/** A span overwritten by bytes from elsewhere in the file. */
function splice(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  const [start, end] = span(bytes, draw);
  const damaged = bytes.slice();
  damaged.copyWithin(draw(bytes.length + 1), start, end);
  return damaged;
}

function append(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  return join(
    bytes,
    Uint8Array.from({ length: 1 + draw(16) }, () => draw(256)),
  );
}

/**
 * An integer of 1, 2, 4 or 8 bytes in either byte order, replaced by one that tempts size
 * arithmetic.
 */
function editInteger(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  const width = [1, 2, 4, 8][draw(4)]!;
  if (bytes.length < width) return bytes;
  const tempting = [0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, bytes.length];
  const value = BigInt([...tempting, bytes.length - 1, bytes.length + 1, -1, 2 ** 53][draw(tempting.length + 4)]!);
  const littleEndian = draw(2) === 0;
  const at = place(bytes.length - width + 1, draw);
  const damaged = bytes.slice();
  for (let byte = 0; byte < width; byte++)
    damaged[at + (littleEndian ? byte : width - 1 - byte)] = Number((value >> BigInt(8 * byte)) & 0xffn);
  return damaged;
}

/** A position, three times in four near the front. */
function place(length: number, draw: Draw): number {
  return draw(4) === 0 ? draw(length) : draw(Math.min(length, headerSize));
}

function span(bytes: Uint8Array, draw: Draw): [start: number, end: number] {
  const start = place(bytes.length + 1, draw);
  return [start, start + draw(bytes.length - start + 1)];
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
