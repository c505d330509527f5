import type { Batch, BatchOptions, Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { gatherExtras, type AttachedExtras } from './extras.js';
import type { ImageBytes } from './image-dataset.js';
import { courseOf, type Course } from './order.js';

/** byte / 255 rounded to float32. */
const unitValues = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** A batch before its tensors exist. */
interface PreparedBatch {
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly ids: Int32Array;
  /** Positions within the selection. */
  readonly chosen: Int32Array;
}

/**
 * Batches of the examples `positions`. While the consumer awaits something, the arrays of the next batch are prepared;
 * tensors are made inside `next()` alone and belong to the consumer.
 */
export function imageBatches<E extends Extras>(
  bytes: ImageBytes,
  positions: Int32Array,
  extras: readonly AttachedExtras[],
  options: BatchOptions,
): AsyncIterable<Batch<E>> {
  const course = courseOf(options, positions.length);
  return { [Symbol.asyncIterator]: () => iterate<E>(bytes, positions, extras, course) };
}

function iterate<E extends Extras>(
  bytes: ImageBytes,
  positions: Int32Array,
  extras: readonly AttachedExtras[],
  course: Course,
): AsyncIterator<Batch<E>> {
  let next = course.from;
  let ahead: PreparedBatch | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const prepareNext = () => {
    ahead ??= prepare(bytes, positions, course, next);
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
      const batch = toTensors<E>(ahead, bytes.shape, extras);
      next += ahead.chosen.length;
      ahead = undefined;
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
  { images, labels, shape }: ImageBytes,
  positions: Int32Array,
  { size, order, dropLast }: Course,
  start: number,
): PreparedBatch | undefined {
  const count = Math.min(size, positions.length - start);
  if (count <= 0 || (dropLast && count < size)) return undefined;
  const chosen = order?.slice(start, start + count) ?? Int32Array.from({ length: count }, (_, i) => start + i);
  const ids = chosen.map((position) => positions[position]!);
  const perImage = shape[0] * shape[1] * shape[2];
  const pixels = new Float32Array(count * perImage);
  ids.forEach((id, row) => {
    const source = id * perImage;
    const target = row * perImage;
    for (let i = 0; i < perImage; i++) pixels[target + i] = unitValues[images[source + i]!]!;
  });
  return { pixels, labels: ids.map((id) => labels[id]!), ids, chosen };
}

function toTensors<E extends Extras>(
  { pixels, labels, ids, chosen }: PreparedBatch,
  shape: ImageBytes['shape'],
  extras: readonly AttachedExtras[],
): Batch<E> {
  // The extras come first: they alone can fail, and then nothing else has been made.
  const picked = gatherExtras(extras, chosen) as Record<string, tf.Tensor> & E;
  return { x: tf.tensor4d(pixels, [ids.length, ...shape]), y: tf.tensor1d(labels, 'int32'), ids, extras: picked };
}
