/**
 * One named array of a safetensors file. Wider and narrower file types are turned into these two
 * when read.
 */
export interface TensorRecord {
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
  /** Row-major, as many values as the shape says. */
  readonly data: Float32Array | Int32Array;
}

/** What a safetensors file holds. */
export interface TensorFile {
  /** By name, in the order of the data. */
  readonly records: ReadonlyMap<string, TensorRecord>;
  /** The free text entries of the header. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether it had a checksum, which is right then and not among the metadata. */
  readonly hasChecksum: boolean;
}

/** Number of values of a shape. */
export function countValues(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}
