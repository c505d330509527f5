import { AdvrobError, type Batch, type BatchOptions, type Extras } from '@advrob/core';
import { permutation } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { gatherExtras, type AttachedExtras } from './extras.js';

/**
 * Where the examples of a data set come from: labels in memory, inputs read when a batch needs
 * them.
 */
export interface ExampleSource {
  readonly name: string;
  /** Class indices [n], 0..numClasses - 1. */
  readonly labels: ArrayLike<number>;
  /** Shape of one input, such as [height, width, channels]. */
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  /** Least and greatest value that an input can have. */
  readonly bounds: readonly [number, number];
  readonly classNames?: readonly string[] | undefined;
  /**
   * Writes the inputs of the examples at positions `ids` one after another into `target`
   * [ids.length, ...inputShape].
   */
  read(ids: Int32Array, target: Float32Array): void | Promise<void>;
  /** SHA-256 (hex) of what `read` and `labels` give. */
  digest(): string;
}

/** A batch before its tensors exist. */
interface PreparedBatch {
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
  readonly ids: Int32Array;
  /** Positions within the selection. */
  readonly chosen: Int32Array;
  /** Settles when `inputs` are there; undefined when they are there already. */
  readonly reading: Promise<void> | undefined;
}

/**
 * Batches of the examples `positions`. While the consumer awaits something, the arrays of the next
 * batch are prepared; tensors are made inside `next()` alone and belong to the consumer.
 */
export function exampleBatches<E extends Extras>(
  source: ExampleSource,
  positions: Int32Array,
  extras: readonly AttachedExtras[],
  options: BatchOptions,
): AsyncIterable<Batch<E>> {
  const course = courseOf(options, positions.length);
  return { [Symbol.asyncIterator]: () => iterate<E>(source, positions, extras, course) };
}

function iterate<E extends Extras>(
  source: ExampleSource,
  positions: Int32Array,
  extras: readonly AttachedExtras[],
  course: Course,
): AsyncIterator<Batch<E>> {
  let next = course.from;
  let ahead: PreparedBatch | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const prepareNext = () => {
    ahead ??= prepare(source, positions, course, next);
  };
  const stop = () => {
    clearTimeout(timer);
    next = positions.length;
    ahead = undefined;
  };
  return {
    async next() {
      clearTimeout(timer);
      prepareNext();
      if (ahead === undefined) return { done: true, value: undefined };
      const current = ahead;
      next += current.chosen.length;
      ahead = undefined;
      await current.reading;
      const batch = toTensors<E>(current, source.inputShape, extras);
      timer = setTimeout(prepareNext, 0);
      return { done: false, value: batch };
    },
    async return() {
      stop();
      return { done: true, value: undefined };
    },
  };
}

/**
 * The arrays of the batch that begins at place `start` of the order; undefined when there is none
 * left.
 */
function prepare(
  source: ExampleSource,
  positions: Int32Array,
  { size, order, dropLast }: Course,
  start: number,
): PreparedBatch | undefined {
  const count = Math.min(size, positions.length - start);
  if (count <= 0 || (dropLast && count < size)) return undefined;
  const chosen = order?.slice(start, start + count) ?? Int32Array.from({ length: count }, (_, i) => start + i);
  const ids = chosen.map((position) => positions[position]!);
  const inputs = new Float32Array(source.inputShape.reduce((product, extent) => product * extent, count));
  const reading = source.read(ids, inputs) ?? undefined;
  // A failure is thrown where the batch is asked for; a loop that was left early never asks.
  reading?.catch(() => undefined);
  return { inputs, labels: ids.map((id) => source.labels[id]!), ids, chosen, reading };
}

function toTensors<E extends Extras>(
  { inputs, labels, ids, chosen }: PreparedBatch,
  inputShape: readonly number[],
  extras: readonly AttachedExtras[],
): Batch<E> {
  // The extras come first: they alone can fail, and then nothing else has been made.
  const picked = gatherExtras(extras, chosen) as Record<string, tf.Tensor> & E;
  return { x: tf.tensor(inputs, [ids.length, ...inputShape]), y: tf.tensor1d(labels, 'int32'), ids, extras: picked };
}

/** Batch options with every default filled in and the numbers checked. */
interface Course {
  readonly size: number;
  readonly dropLast: boolean;
  /** Positions within the selection, in the order of this epoch; undefined: ascending. */
  readonly order: Int32Array | undefined;
  /** First place in that order. */
  readonly from: number;
}

/**
 * Which examples come when: data-set order without a seed, else a permutation of (seed, epoch).
 *
 * @throws AdvrobError `ADVROB_OPTION` when a number is out of range.
 */
function courseOf({ size, seed, epoch = 0, from = 0, dropLast = false }: BatchOptions, length: number): Course {
  checkWhole({ size }, 1);
  checkWhole({ epoch, from, seed: seed ?? 0 }, 0);
  if (from > length)
    throw new AdvrobError('ADVROB_OPTION', `batches: from is ${from}, but the data set has ${length} examples`);
  return {
    size,
    dropLast,
    from,
    order: seed === undefined ? undefined : permutation(seed, 'dataset/order', length, epoch),
  };
}

function checkWhole(numbers: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isSafeInteger(value) || value < least)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `batches: expected ${name} to be a whole number >= ${least}, got ${value}`,
      );
}
