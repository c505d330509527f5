import type { Batch, BatchOptions, Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { gatherExtras, type AttachedExtras } from './extras.js';
import { courseOf, type Course } from './order.js';
import type { ExampleSource } from './source.js';

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
 * Batches of the examples `positions`. While the consumer awaits something, the arrays of the next batch are prepared;
 * tensors are made inside `next()` alone and belong to the consumer.
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

/** The arrays of the batch that begins at place `start` of the order; undefined when there is none left. */
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
