import { describe, expect, it } from 'vitest';
import { readParquet } from './parquet.js';

/** Thrift's compact protocol: an unsigned number, and a struct of numbers, texts, lists and structs. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const zigzag = (value: number): number[] => varint(value < 0 ? -2 * value - 1 : 2 * value);
type Field = number | string | bigint | readonly (Struct | string | number)[] | Struct;
type Struct = { readonly [field: number]: Field };

function typeOf(value: Field): number {
  if (typeof value === 'object') return Array.isArray(value) ? 9 : 12;
  return typeof value === 'string' ? 8 : typeof value === 'bigint' ? 6 : 5;
}
function bytesOf(value: Field): number[] {
  if (Array.isArray(value)) {
    const inner = value as Field[];
    return [15 * 16 + typeOf(inner[0]!), ...varint(inner.length), ...inner.flatMap(bytesOf)];
  }
  if (typeof value === 'object') {
    let last = 0;
    const fields = Object.entries(value as Struct).flatMap(([key, inner]) => {
      const step = Number(key) - last;
      last = Number(key);
      return [step * 16 + typeOf(inner), ...bytesOf(inner)];
    });
    return [...fields, 0];
  }
  if (typeof value === 'string') return [...varint(value.length), ...Buffer.from(value)];
  return zigzag(Number(value));
}

interface Column {
  readonly type: number;
  readonly optional?: boolean;
  /** 0 plain, 6 Zstandard. */
  readonly codec?: number;
  readonly pages: readonly (readonly [header: Struct, content: readonly number[], size?: number])[];
}

/** A Parquet file of one row group. */
function fileOf(rows: number, columns: Readonly<Record<string, Column>>): Uint8Array {
  const file = [...Buffer.from('PAR1')];
  const chunks = Object.entries(columns).map(([name, { type, codec = 0, pages }]): Struct => {
    const start = file.length;
    for (const [header, content, size = content.length] of pages)
      file.push(
        ...bytesOf({
          1: header[1]!,
          2: size,
          3: content.length,
          [Number(Object.keys(header)[1])]: header[5] ?? header[7] ?? header[8]!,
        }),
        ...content,
      );
    const sizes = BigInt(file.length - start);
    const meta = { 1: type, 2: [0], 3: [name], 4: codec, 5: BigInt(rows), 6: sizes, 7: sizes, 9: BigInt(start) };
    return { 2: BigInt(start), 3: meta };
  });
  const schema = Object.entries(columns).map(([name, { type, optional }]): Struct => ({
    1: type,
    3: optional ? 1 : 0,
    4: name,
  }));
  const footer = bytesOf({
    1: 1,
    2: [{ 4: 'schema', 5: schema.length }, ...schema],
    3: BigInt(rows),
    4: [{ 1: chunks, 2: 0n, 3: BigInt(rows) }],
  });
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Uint8Array.from([...file, ...footer, ...length, ...Buffer.from('PAR1')]);
}

const data = (count: number, encoding: number): Struct => ({ 1: 0, 5: { 1: count, 2: encoding, 3: 3, 4: 3 } });
const pictures = (rows: number): Column => ({
  type: 6,
  pages: [[data(rows, 0), Array.from({ length: rows }, () => [1, 0, 0, 0, 7]).flat()]],
});
const int32 = (...values: number[]): number[] => values.flatMap((value) => [value, 0, 0, 0]);
const dictionary: Column['pages'][number] = [{ 1: 2, 7: { 1: 2, 2: 0 } }, int32(0, 1)];
const read = (label: Column, maxBytes = 1e6) =>
  readParquet(fileOf(3, { image: pictures(3), label }), { image: 'image', label: 'label' }, maxBytes);

describe('pages', () => {
  it('of a sound file are read', async () => {
    expect((await read({ type: 1, pages: [[data(3, 0), int32(1, 0, 1)]] })).labels).toEqual([1, 0, 1]);
    const runs = [1, ...varint(2 * 2), 1, ...varint(2 * 1), 0];
    expect((await read({ type: 1, pages: [dictionary, [data(3, 8), runs]] })).labels).toEqual([1, 1, 0]);
    const levels = [2, 0, 0, 0, ...varint(2 * 3), 1];
    const optional = { type: 1, optional: true, pages: [[data(3, 0), [...levels, ...int32(0, 1, 1)]]] } as const;
    expect((await read(optional)).labels).toEqual([0, 1, 1]);
  });

  // An array as long as these say is a fatal error of V8, which ends the program.
  it.each<[string, Column, RegExp]>([
    ['a run of indices', { type: 1, pages: [dictionary, [data(3, 8), [1, ...varint(2 * 2 ** 30), 1]]] }, /a run of/],
    [
      'a run of levels',
      { type: 1, optional: true, pages: [[data(3, 0), [6, 0, 0, 0, ...varint(2 * 2 ** 30), 1, ...int32(0)]]] },
      /a run of/,
    ],
    ['a packed run', { type: 1, pages: [dictionary, [data(3, 8), [0, ...varint(2 ** 30 + 1)]]] }, /a run of|0 bits/],
    ['a page', { type: 1, pages: [[data(2 ** 30, 0), int32(0)]] }, /1073741824 values where 3 rows/],
    ['a page of differences', { type: 1, pages: [[data(2 ** 30, 5), [1, 1, 1, 1]]] }, /values where 3 rows/],
    ['a block of differences', { type: 1, pages: [[data(3, 5), [...varint(2 ** 30), 1, 3, 0, 0]]] }, /blocks of/],
    ['a dictionary', { type: 1, pages: [[{ 1: 2, 7: { 1: 2 ** 30, 2: 0 } }, int32(0)]] }, /a dictionary of/],
    [
      'levels of the second kind of page',
      {
        type: 1,
        optional: true,
        pages: [[{ 1: 3, 8: { 1: 3, 2: 0, 3: 3, 4: 0, 5: 6, 6: 0 } }, [...varint(2 ** 31), 1]]],
      },
      /a run of/,
    ],
    ['strings by their beginnings', { type: 6, pages: [[data(3, 7), [128, 1, 4, 3, 0]]] }, /the encoding 7/],
  ])('that announce more than they have are refused: %s', async (_, label, message) => {
    await expect(read(label)).rejects.toThrow(message);
    await expect(read(label)).rejects.toMatchObject({ code: 'ADVROB_DATA_FORMAT' });
  });

  it('of Zstandard are not unpacked beyond the limit, whatever the header says', async () => {
    // 2,000 blocks of 128 KiB each, of a single byte that repeats.
    const block = (isLast: boolean): number[] => {
      const header = (2 ** 17 - 1) * 8 + 2 + Number(isLast);
      return [header & 255, (header >> 8) & 255, header >> 16, 0];
    };
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    const bomb = [...frame, ...Array.from({ length: 2000 }, (_, i) => block(i === 1999)).flat()];
    const label: Column = { type: 1, codec: 6, pages: [[data(3, 8), bomb, 12]] };
    await expect(read(label)).rejects.toMatchObject({ code: 'ADVROB_DATA_TOO_LARGE' });
  });
});
