import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect } from 'vitest';

/** An IDX file of bytes. */
export function idxFile(shape: readonly number[], values: ArrayLike<number>, typeCode = 0x08): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, typeCode);
  header.setUint8(3, shape.length);
  shape.forEach((size, axis) => header.setUint32(4 + 4 * axis, size));
  return Uint8Array.of(...new Uint8Array(header.buffer), ...Array.from(values));
}

/** IDX files of several types. */
export const idxSamples = [
  idxFile(
    [2, 3, 4],
    Array.from({ length: 24 }, (_, i) => i * 9),
  ),
  idxFile([7], [0, 1, 2, 3, 4, 5, 6]),
  idxFile([3], [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0], 0x0c),
  idxFile([2], [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], 0x0e),
];

/** An IDX image file [count, 28, 28] and its label file. */
export function idxPair(count: number, from = 0): { images: Uint8Array; labels: Uint8Array } {
  const pixels = Uint8Array.from({ length: count * 784 }, (_, i) => ((i + from) * 31 + (i >> 4)) % 256);
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 3 + from) % 10);
  return { images: idxFile([count, 28, 28], pixels), labels: idxFile([count], labels) };
}

/**
 * Records of label bytes and three planes of 32x32; `labelsOf` gives the label bytes of a record.
 */
export function planarFile(count: number, labelsOf: (record: number) => readonly number[]): Uint8Array {
  const records = Array.from({ length: count }, (_, record) => [
    ...labelsOf(record),
    ...Array.from({ length: 3072 }, (_, i) => (record * 53 + i * 7 + (i >> 10) * 19) % 256),
  ]);
  return Uint8Array.from(records.flat());
}

/** A new folder with these files. */
export async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'advrob-datasets-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

/** {@link folderOf}, with the folders of a test removed at its end. */
export function temporaryFolders(): typeof folderOf {
  const folders: string[] = [];
  afterEach(async () => {
    for (const path of folders.splice(0)) await rm(path, { recursive: true });
  });
  return async (files) => {
    folders.push(await folderOf(files));
    return folders.at(-1)!;
  };
}

/** The four files of a data set laid out like MNIST, with 30 and 12 images. */
export function mnistFiles(): Readonly<Record<string, Uint8Array>> {
  const [train, test] = [idxPair(30), idxPair(12, 5)];
  return {
    'train-images-idx3-ubyte.gz': gzipSync(train.images),
    'train-labels-idx1-ubyte.gz': gzipSync(train.labels),
    't10k-images-idx3-ubyte': test.images,
    't10k-labels-idx1-ubyte': test.labels,
  };
}

/** An error with a code whose message has all parts, each a regular expression. */
export const refused = (code: string, ...parts: string[]) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(new RegExp(parts.map((part) => `(?=.*${part})`).join(''), 's')) as string,
  });
