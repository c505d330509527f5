import type { RuntimeTensor } from '../runtime/binding.js';

/**
 * Element types that a graph computes with; strings and complex numbers stay outside (see
 * fallback/).
 */
export type NumericType = 'float32' | 'int32' | 'bool';

export type NumericArray = Float32Array | Int32Array | Uint8Array;

export type Shape = readonly number[];

/** An attribute of a recorded op: plain data, part of the cache key. */
export type Attribute = number | string | boolean | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** One recorded op with one result. `key` is the op and its attributes as text. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly key: string;
  /** Stack of the call that recorded it, in debug mode. */
  readonly stack: string | undefined;
}

/** An array in a GPU's memory, by its shapes: ONNX Runtime takes it under no other. */
export type DeviceArray = Map<string, RuntimeTensor>;

/** Memory of computed elements, shared by a value and its reshaped views. */
export interface Buffer {
  /** The elements, fetched first where they lie on a device alone. */
  readonly array: NumericArray;
  /** The elements if they are here already. */
  readonly here: NumericArray | null;
  /** The elements on a device with memory of its own, once they were there. */
  device: DeviceArray | null;
  /** Data ids whose value lies here; at zero it may be reused once nothing is pending. */
  holders: number;
  /** False for arrays that someone outside may hold. */
  readonly isPoolable: boolean;
  /** True once its memory went back to the pool: values on it must not be used again. */
  isRecycled: boolean;
}

/**
 * An immutable array that is either pending (`node`), computed (`buffer`) or one number repeated
 * (`splat`). Identity is `id`, never the buffer: pools recycle buffers.
 */
export interface Value {
  readonly id: number;
  readonly dtype: NumericType;
  readonly shape: Shape;
  readonly size: number;
  node: Node | null;
  buffer: Buffer | null;
  readonly splat: number | null;
  /**
   * A splat computed from others: it may change from call to call, so ops must not be left out
   * because of it.
   */
  readonly isDerived: boolean;
  /** Data ids that hold it; above zero it must survive a flush. */
  owners: number;
  /** The same elements in the last other shape asked for. */
  view: Value | null;
  /** relu of it, when recorded: lets the gradient look at the result instead of the input. */
  relu: Value | null;
  /** Runs that used it as a filter. */
  filterRuns: number;
  /** Forms of it (blocked and turned filters) by recipe; they live as long as the value. */
  derived: Map<string, DerivedForm> | null;
  /** Scratch of the walk that visits it. */
  mark: number;
  position: number;
}

/** A form of a filter that graphs take ready-made. */
export interface DerivedForm {
  readonly data: Float32Array;
  readonly shape: Shape;
}
