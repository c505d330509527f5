import { AdvrobError } from '@advrob/core';
import { decodeSafetensors, type TensorRecord } from '@advrob/core/safetensors';
import type { FlattenedImage } from '../layers/parameters.js';
import { fromPytorchLayout, pytorchShape } from './pytorch-layout.js';

/**
 * How the weights of a file are laid out: `advrob` as in this package (filters [h, w, in, out],
 * dense kernels [in, out], images channels last), `pytorch` (filters [out, in, h, w], dense kernels
 * [out, in], images channels first). `auto` goes by the file's `format` entry: `pt` means PyTorch.
 */
export type WeightLayout = 'auto' | 'advrob' | 'pytorch';

/** The weights of a safetensors file, checked and ready to be taken by name. */
export interface WeightFile {
  readonly metadata: ReadonlyMap<string, string>;
  /**
   * Values in our layout, as many as `shape` says.
   *
   * @throws AdvrobError `ADVROB_WEIGHTS_MISMATCH`, `ADVROB_WEIGHTS_NOT_FINITE`.
   */
  take(name: string, shape: readonly number[], image?: FlattenedImage): Float32Array | Int32Array;
  /**
   * @throws AdvrobError `ADVROB_WEIGHTS_MISMATCH` when the file has weights that are not among
   *   `names`.
   */
  checkAllIn(names: readonly string[]): void;
}

/** What DataParallel and torch.compile put before every name. */
const wrappers = ['module.', '_orig_mod.'];

/** The weights by their names in the network itself. */
function unwrapped(records: ReadonlyMap<string, TensorRecord>): ReadonlyMap<string, TensorRecord> {
  const prefix = wrappers.find(
    (each) => records.size > 0 && [...records.keys()].every((name) => name.startsWith(each)),
  );
  if (prefix === undefined) return records;
  return unwrapped(new Map([...records].map(([name, record]) => [name.slice(prefix.length), record])));
}

/** PyTorch counts batches for a momentum of `None`, which nobody here uses. */
const ignored = /(^|\.)num_batches_tracked$/;

/**
 * Reads a file of weights. `file` is what messages call it.
 *
 * @throws AdvrobError `ADVROB_TENSOR_FILE`.
 */
export function openWeightFile(bytes: Uint8Array, layout: WeightLayout, file: string): WeightFile {
  const { records: saved, metadata } = decodeSafetensors(bytes, file);
  const records = unwrapped(saved);
  const isPytorch = layout === 'pytorch' || (layout === 'auto' && metadata.get('format') === 'pt');
  const names = [...records.keys()].filter((name) => !ignored.test(name));
  return {
    metadata,
    take(name, shape, image) {
      const record = records.get(name);
      if (record === undefined)
        throw new AdvrobError(
          'ADVROB_WEIGHTS_MISMATCH',
          `${file}: expected a weight '${name}' [${shape.join(', ')}], which the file lacks; it has ${listed(names)}: is it of another architecture?`,
        );
      checkShape(file, name, shape, record, isPytorch);
      checkFinite(file, name, record);
      return isPytorch && record.data instanceof Float32Array
        ? fromPytorchLayout(record.data, shape, image)
        : record.data;
    },
    checkAllIn(wanted) {
      const surplus = names.filter((name) => !wanted.includes(name));
      if (surplus.length > 0)
        throw new AdvrobError(
          'ADVROB_WEIGHTS_MISMATCH',
          `${file}: the model has no place for ${listed(surplus)}; it has ${listed(wanted)}: is the file of another architecture?`,
        );
    },
  };
}

function checkShape(file: string, name: string, shape: readonly number[], record: TensorRecord, isPytorch: boolean) {
  const expected = isPytorch ? pytorchShape(shape) : shape;
  if (isEqual(expected, record.shape)) return;
  const hint =
    !isPytorch && isEqual(pytorchShape(shape), record.shape)
      ? "it looks like PyTorch's layout: load it with layout 'pytorch'"
      : "check the architecture's options";
  throw new AdvrobError(
    'ADVROB_WEIGHTS_MISMATCH',
    `${file}: weight '${name}': expected shape [${expected.join(', ')}], found [${record.shape.join(', ')}]: ${hint}`,
  );
}

function checkFinite(file: string, name: string, { data }: TensorRecord): void {
  const position = data.findIndex((value: number) => !Number.isFinite(value));
  if (position >= 0)
    throw new AdvrobError(
      'ADVROB_WEIGHTS_NOT_FINITE',
      `${file}: weight '${name}' holds ${data[position]} at position ${position}: the training that made it diverged; use an earlier checkpoint`,
    );
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `'${name}'`);
  return names.length > 8 ? `${shown.join(', ')} and ${names.length - 8} more` : shown.join(', ') || 'none';
}
