import { AdvrobError } from '@advrob/core';
import type { Dataset, File as Hdf5Root, Group } from 'h5wasm';
import { formatError } from '../tfjs-format/format-error.js';

/** The numbers of a weight. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** A part of an HDF5 file. */
export interface Hdf5Folder {
  /** Words that stand at this folder. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
  readonly folders: ReadonlyMap<string, Hdf5Folder>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const deepest = 40;
const mostParts = 100_000;

let counter = 0;

/**
 * Reads an HDF5 file of numbers by the package `h5wasm`, in its own memory: links to other files
 * lead nowhere.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` when it is damaged, holds more numbers than its bytes can
 *   hold four times, or the package is missing.
 */
export async function readHdf5(file: string, bytes: Uint8Array): Promise<Hdf5Folder> {
  checkHeaps(file, bytes);
  const h5wasm = await import('h5wasm').catch((cause: unknown) => {
    throw formatError(file, 'a Keras file needs a package: npm install h5wasm', cause);
  });
  const FS = (await h5wasm.ready).FS as unknown as FileSystem;
  const path = `/advrob-${counter++}.h5`;
  // It would write what is wrong with a file to standard error, beside the error.
  const errors = FS.streams[2];
  const silence = FS.open('/dev/null', 'w');
  FS.streams[2] = silence;
  let root: Hdf5Root | undefined;
  try {
    FS.writeFile(path, bytes);
    root = new h5wasm.File(path, 'r');
    return folderOf(root, { h5wasm, file, depth: 0, left: { parts: mostParts, bytes: 4 * bytes.length } });
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    throw formatError(file, `its weights cannot be read as HDF5: is the file complete?`, cause);
  } finally {
    // A file that could not be made cannot be removed, nor a damaged one always be closed.
    for (const tidyUp of [() => root?.close(), () => FS.unlink(path)])
      try {
        tidyUp();
      } catch {
        // What was wrong is said above.
      }
    FS.streams[2] = errors;
    FS.close(silence);
  }
}

/** `GCOL` and the version, before all words of variable length. */
const heapSignature = [0x47, 0x43, 0x4f, 0x4c, 1];
const heapHeader = 16;

/**
 * The HDF5 library (1.14) goes round for ever in a heap in which the next object does not lie behind
 * the one before it, as in any file of which some bytes are zero. HDF5 file format, section III.E.
 */
function checkHeaps(file: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizeAt = (offset: number): number => Number(view.getBigUint64(offset, true));
  for (let at = bytes.indexOf(heapSignature[0]!); at >= 0; at = bytes.indexOf(heapSignature[0]!, at + 1)) {
    if (at + heapHeader > bytes.length || !heapSignature.every((byte, i) => bytes[at + i] === byte)) continue;
    const end = at + sizeAt(at + 8);
    // Other bytes that look like one, or a heap that the library refuses.
    if (end > bytes.length) continue;
    let next = at + heapHeader;
    while (next + heapHeader <= end) {
      const size = sizeAt(next + 8);
      // Number 0 is the space that is left, its own header included.
      const step = view.getUint16(next, true) === 0 ? size : heapHeader + 8 * Math.ceil(size / 8);
      if (step < heapHeader || next + step > end) throw formatError(file, 'words of its weights are damaged');
      next += step;
    }
  }
}

/** What is used of Emscripten's file system. */
interface FileSystem {
  readonly streams: unknown[];
  open(path: string, mode: string): unknown;
  close(stream: unknown): void;
  writeFile(path: string, bytes: Uint8Array): void;
  unlink(path: string): void;
}

interface Reading {
  readonly h5wasm: typeof import('h5wasm');
  readonly file: string;
  readonly depth: number;
  readonly left: { parts: number; bytes: number };
}

function folderOf(group: Group, reading: Reading): Hdf5Folder {
  const { h5wasm, file, depth, left } = reading;
  const folders = new Map<string, Hdf5Folder>();
  const tensors = new Map<string, StoredTensor>();
  if (depth > deepest) throw formatError(file, `its weights are nested more than ${deepest} levels deep`);
  for (const name of group.keys()) {
    if (--left.parts < 0) throw formatError(file, `its weights have more than ${mostParts} parts`);
    const entry = group.get(name);
    if (entry instanceof h5wasm.Group) folders.set(name, folderOf(entry, { ...reading, depth: depth + 1 }));
    else if (entry instanceof h5wasm.Dataset) tensors.set(name, tensorOf(file, entry, left));
    else throw formatError(file, `its weights have a link or another thing at '${group.path}/${name}'`);
  }
  return { attributes: wordsOf(group), folders, tensors };
}

function tensorOf(file: string, dataset: Dataset, left: { bytes: number }): StoredTensor {
  const { path, metadata } = dataset;
  const { shape, size, type, signed, vlen, virtual_sources: sources } = metadata;
  const isFloat = type === 1 && (size === 4 || size === 8);
  const isInteger = type === 0 && signed && (size === 4 || size === 8);
  if (shape === null || vlen || sources !== undefined || !(isFloat || isInteger))
    throw formatError(file, `weight '${path}' is of a type that is not read: expected float32, float64 or integers`);
  left.bytes -= shape.reduce((product, side) => product * side, size);
  if (!(left.bytes >= 0)) throw formatError(file, `weight '${path}' says that it is larger than the file`);
  const found = dataset.value;
  const values = typeof found === 'number' || typeof found === 'bigint' ? [found] : found;
  const isList = ArrayBuffer.isView(values) || Array.isArray(values);
  if (!isList || (values as ArrayLike<unknown>).length !== shape.reduce((product, side) => product * side, 1))
    throw formatError(file, `weight '${path}' is damaged`);
  const numbers = values as ArrayLike<number | bigint>;
  return { shape, data: isFloat ? Float32Array.from(numbers, Number) : Int32Array.from(numbers, Number) };
}

/** Attributes that are words or lists of words; Keras writes no others that matter. */
function wordsOf({ attrs }: Group): Record<string, string | string[]> {
  const words: Record<string, string | string[]> = {};
  for (const [name, attribute] of Object.entries(attrs)) {
    const { value } = attribute;
    if (typeof value === 'string') words[name] = value;
    else if (Array.isArray(value) && value.every((each) => typeof each === 'string')) words[name] = value;
  }
  return words;
}
