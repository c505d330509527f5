import type { Tensor } from '@tensorflow/tfjs-core';
import type { Definition, Factory } from './options.js';

/** Further tensors per example, e.g. cached teacher logits. */
export type Extras = Readonly<Record<string, Tensor>>;
export type NoExtras = Readonly<Record<never, Tensor>>;

/** Examples that travel together. The tensors belong to whoever drew the batch. */
export interface Batch<E extends Extras = NoExtras> {
  /** [n, ...inputShape], float32 inside the bounds. */
  readonly x: Tensor;
  /** Class indices [n], int32. */
  readonly y: Tensor;
  /** Position of each example in the whole data set: its identity. */
  readonly ids: Int32Array;
  readonly extras: E;
}

export interface BatchOptions {
  readonly size: number;
  /** Shuffles, together with `epoch`; left out: data-set order. */
  readonly seed?: number | undefined;
  /** Default 0. */
  readonly epoch?: number | undefined;
  /** Examples to skip in that order, for resuming inside an epoch. Default 0. */
  readonly from?: number | undefined;
  /** Leaves out a last batch that is not full. Default false. */
  readonly dropLast?: boolean | undefined;
}

/** Labelled examples. Never held as one float tensor; batches are made as they are asked for. */
export interface Dataset<E extends Extras = NoExtras> {
  readonly name: string;
  readonly length: number;
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  readonly bounds: readonly [number, number];
  readonly classNames?: readonly string[];
  /**
   * SHA-256 of content and selection, hex: two data sets with the same hash give the same batches.
   */
  readonly hash: string;
  batches(options: BatchOptions): AsyncIterable<Batch<E>>;
  /**
   * The examples at these positions of this data set, in this order; their `ids` stay those of the
   * whole data set.
   */
  subset(positions: Int32Array): Dataset<E>;
  /** The first `count` examples, or all if there are fewer. */
  take(count: number): Dataset<E>;
  /**
   * Adds tensors [length, ...] per example. They stay the caller's and must outlive the data set.
   */
  withExtras<F extends Extras>(extras: F): Dataset<E & F>;
}

/** Disjoint parts of one source. Test data is for the final numbers alone. */
export interface Splits {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

export interface DatasetDefinition<I, O> extends Definition<I, O> {
  load(options: O): Promise<Splits>;
}
export type DatasetFactory<I> = Factory<I, Promise<Splits>, DatasetDefinition<I, unknown>>;
