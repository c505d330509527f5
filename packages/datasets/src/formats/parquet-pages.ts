import { AdvrobError } from '@advrob/core';
import type { Compressors, FileMetaData, SchemaTree } from 'hyparquet';

/**
 * Looks at the pages of some columns before hyparquet reads them: it believes the numbers of values
 * that headers and runs announce, and an array as long as a damaged one says ends the program.
 *
 * @param codecs For pages whose runs lie in what is compressed.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for a page that announces more values than its rows, or
 *   a column of lists.
 */
export function checkPages(
  bytes: Uint8Array,
  { metadata, schema, columns }: { metadata: FileMetaData; schema: SchemaTree; columns: readonly string[] },
  codecs: Compressors,
  name: string,
): void {
  for (const group of metadata.row_groups)
    for (const { meta_data: meta } of group.columns) {
      const path = meta?.path_in_schema;
      if (meta === undefined || path === undefined || !columns.includes(path[0]!)) continue;
      const where = `${name}, column ${path.join('.')}`;
      const levels = levelsOf(schema, path, where);
      const isFixed = meta.type === 'FIXED_LEN_BYTE_ARRAY';
      const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
      const end = Math.min(bytes.length, start + Number(meta.total_compressed_size));
      let rows = Number(group.num_rows);
      for (let at = start; at < end - 1;) {
        const page = pageAt(bytes.subarray(0, end), at, where);
        const unpack = (input: Uint8Array, length: number): Uint8Array =>
          meta.codec === 'UNCOMPRESSED' ? input : (codecs[meta.codec]?.(input, length) ?? new Uint8Array());
        rows -= checkPage({ ...page, levels, isFixed, rows, where }, unpack);
        at = page.end;
      }
    }
}

function refuse(where: string, what: string): never {
  throw new AdvrobError('ADVROB_DATA_FORMAT', `${where}: expected an intact Parquet file, ${what}: fetch it again`);
}

/** How many definition levels a value has. */
function levelsOf(schema: SchemaTree, path: readonly string[], where: string): number {
  let levels = 0;
  let node: SchemaTree | undefined = schema;
  for (const part of path) {
    node = node.children.find(({ element }) => element.name === part);
    if (node === undefined) return refuse(where, 'found a column that its schema does not have');
    if (node.element.repetition_type === 'REPEATED') refuse(where, 'found a list in every row');
    if (node.element.repetition_type !== 'REQUIRED') levels++;
  }
  return levels;
}

/** A page as its header says it is. */
interface Page {
  readonly kind: number;
  readonly header: Thrift;
  readonly content: Uint8Array;
  /** Of the content in the file. */
  readonly end: number;
  /** After decompression. */
  readonly size: number;
}

function pageAt(bytes: Uint8Array, at: number, where: string): Page {
  const cursor = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at };
  const header = struct(cursor);
  const [kind, size, packed] = [1, 2, 3].map((field) => Number(header[field]));
  const end = cursor.at + packed!;
  if (!(size! >= 0 && packed! >= 0) || end > bytes.length) refuse(where, 'found a page that ends behind its column');
  const content = bytes.subarray(cursor.at, end);
  return {
    kind: kind!,
    header: (header[[5, 6, 7, 8][kind!]!] ?? {}) as Thrift,
    content,
    end,
    size: size!,
  };
}

/** Encodings by the numbers of the format. */
const plain = 0;
const oldDictionary = 2;
const rle = 3;
const deltas = 5;
const deltaLengths = 6;
const dictionary = 8;
const split = 9;

type CheckedPage = Page & {
  readonly levels: number;
  readonly isFixed: boolean;
  readonly rows: number;
  readonly where: string;
};

/** Returns for how many rows a page has values. What has no runs is not decompressed. */
function checkPage(page: CheckedPage, unpack: (input: Uint8Array, length: number) => Uint8Array): number {
  const { kind, header, content, size, levels, isFixed, rows, where } = page;
  const count = Number(header[1]);
  if (!(Number.isInteger(count) && count >= 0)) refuse(where, 'found a page without a number of values');
  if (kind === 2) {
    if (count > 8 * size) refuse(where, `found a dictionary of ${count} values in ${size} bytes`);
    return 0;
  }
  if (kind !== 0 && kind !== 3) refuse(where, `found a page of kind ${kind}`);
  if (count > rows) refuse(where, `found a page of ${count} values where ${rows} rows are left`);
  const encoding = Number(header[kind === 0 ? 2 : 4]);
  // Their length is that of the schema, and a page as large is made before its bytes are missed.
  if (encoding === split && isFixed) refuse(where, 'found bytes that are split into streams');
  if (kind === 3) {
    const [nulls, definition, repetition] = [2, 5, 6].map((field) => Number(header[field] ?? 0)) as Triple;
    const before = definition + repetition;
    if (!(definition >= 0 && repetition >= 0 && before <= Math.min(content.length, size)))
      refuse(where, 'found levels that are longer than their page');
    if (!(nulls >= 0 && nulls <= count)) refuse(where, `found ${nulls} empty of ${count} values`);
    checkRuns(content.subarray(repetition, before), bitsFor(levels), count, where);
    const packed = content.subarray(before);
    if (encoding !== plain)
      checkValues(encoding, header[7] === false ? packed : unpack(packed, size - before), count, where);
  } else if (encoding !== plain || levels > 0) {
    let values = unpack(content, size);
    if (levels > 0) {
      const end = 4 + uint32(values, where);
      checkRuns(values.subarray(4, end), bitsFor(levels), count, where);
      values = values.subarray(end);
    }
    checkValues(encoding, encoding === rle ? values.subarray(4) : values, count, where);
  }
  return count;
}

type Triple = [number, number, number];

function checkValues(encoding: number, values: Uint8Array, count: number, where: string): void {
  if (encoding === rle) checkRuns(values, 1, count, where);
  else if (encoding === dictionary || encoding === oldDictionary) {
    if (values.length > 0) checkRuns(values.subarray(1), values[0]!, count, where);
  } else if (encoding === deltas || encoding === deltaLengths) checkDeltas(values, where);
  else if (encoding !== plain && encoding !== split)
    refuse(where, `found the encoding ${encoding}, expected PLAIN, RLE, a dictionary, BYTE_STREAM_SPLIT or lengths`);
}

function uint32(bytes: Uint8Array, where: string): number {
  if (bytes.length < 4) refuse(where, 'found a page without its levels');
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function bitsFor(level: number): number {
  return 32 - Math.clz32(level);
}

/** Packed runs are padded to this many values by some writers. */
const padding = 512;

/** Runs of values of `width` bits: none is longer than the page has values. */
function checkRuns(bytes: Uint8Array, width: number, count: number, where: string): void {
  const cursor = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 };
  if (width > 32) refuse(where, `found indices of ${width} bits`);
  for (let seen = 0; seen < count && cursor.at < bytes.length;) {
    const header = varint(cursor);
    const isPacked = header % 2 === 1;
    const run = Math.floor(header / 2) * (isPacked ? 8 : 1);
    if (run > count + (isPacked ? padding : 0)) refuse(where, `found a run of ${run} where ${count} values are`);
    cursor.at += isPacked ? (run / 8) * width : (width + 7) >> 3;
    seen += run;
  }
}

/** The head of values that are told by their differences: the sizes of its blocks. */
function checkDeltas(bytes: Uint8Array, where: string): void {
  if (bytes.length === 0) return;
  const cursor = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 };
  const [block, parts] = [varint(cursor), varint(cursor)];
  if (block > 2 ** 20 || parts > 2 ** 12 || parts === 0) refuse(where, `found blocks of ${block} values in ${parts}`);
}

/** A struct of Thrift's compact protocol by the numbers of its fields; lists and the like are skipped. */
interface Thrift {
  readonly [field: number]: number | boolean | Thrift | undefined;
}

interface Cursor {
  readonly view: DataView;
  at: number;
}

function struct(cursor: Cursor, depth = 0): Thrift {
  if (depth > 8) throw new Error('a page header is nested too deep');
  const fields: Record<number, number | boolean | Thrift | undefined> = {};
  for (let field = 0; ;) {
    const byte = cursor.view.getUint8(cursor.at++);
    const type = byte & 15;
    if (type === 0) return fields;
    field = byte >> 4 ? field + (byte >> 4) : zigzag(cursor);
    fields[field] = element(cursor, type, depth);
  }
}

function element(cursor: Cursor, type: number, depth: number): number | boolean | Thrift | undefined {
  switch (type) {
    case 1:
    case 2:
      return type === 1;
    case 3:
      return cursor.view.getInt8(cursor.at++);
    case 4:
    case 5:
    case 6:
      return zigzag(cursor);
    case 7:
      cursor.at += 8;
      return undefined;
    case 8: {
      const length = varint(cursor);
      cursor.at += length;
      return undefined;
    }
    case 9: {
      const head = cursor.view.getUint8(cursor.at++);
      const length = head >> 4 === 15 ? varint(cursor) : head >> 4;
      const inner = head & 15;
      for (let i = 0; i < length; i++) element(cursor, inner <= 2 ? 3 : inner, depth + 1);
      return undefined;
    }
    case 12:
      return struct(cursor, depth + 1);
    default:
      throw new Error(`a page header has a field of type ${type}`);
  }
}

/** An unsigned number of 7 bits a byte. */
function varint(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = cursor.view.getUint8(cursor.at++);
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
  throw new Error('a number has no end');
}

function zigzag(cursor: Cursor): number {
  const value = varint(cursor);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
