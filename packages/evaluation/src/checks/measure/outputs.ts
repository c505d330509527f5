import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { predictedClass, type DrawnBatch } from './shared.js';

/** What the outputs of a batch show. */
export type Outputs = {
  /** Of the first pass. */
  readonly predictions: number[];
  /**
   * Largest difference between passes over the same examples, relative to the largest logit of the
   * row.
   */
  readonly spread: number;
  /** The same between the batch and one in which half of the examples have other neighbours. */
  readonly neighbours: number;
  /** Whether forward passes change a buffer. */
  readonly changesBuffers: boolean;
  /** Rows that look like probabilities. */
  readonly probabilities: number;
  /** Logits other than 0, and how many of them are numbers of 16 bits. */
  readonly logits: number;
  readonly halfLogits: number;
  /** Gradients that the model computes in one pass. */
  readonly ownGradients: number;
};

/** Passes over the same examples, as in AutoAttack. */
const passes = 5;

export async function measureOutputs(model: Classifier, { x, labels }: DrawnBatch): Promise<Outputs> {
  const { numClasses } = model;
  const before = await buffersOf(model);
  const ownGradients = countOwnGradients(model, x);
  const first = await logitsOf(model, x);
  let spread = 0;
  for (let pass = 1; pass < passes; pass++)
    spread = Math.max(spread, relativeChange(first, await logitsOf(model, x), labels.length, numClasses));
  const half = Math.ceil(labels.length / 2);
  const among = tf.tidy(() => withOtherNeighbours(x, half, model.bounds));
  const neighbours = await logitsOf(model, among).finally(() => among.dispose());
  const after = await buffersOf(model);
  const rows = labels.map((_, row) => row);
  const nonZero = first.filter((value) => value !== 0);
  return {
    predictions: rows.map((row) => predictedClass(first, row, numClasses)),
    spread,
    neighbours: relativeChange(first, neighbours, half, numClasses),
    changesBuffers: before.some((values, i) => values.some((value, j) => value !== after[i]![j])),
    probabilities: rows.filter((row) => areProbabilities(first.subarray(row * numClasses, (row + 1) * numClasses)))
      .length,
    logits: nonZero.length,
    halfLogits: nonZero.filter(isHalf).length,
    ownGradients,
  };
}

function countOwnGradients(model: Classifier, x: Tensor): number {
  const { value, gradients } = countGradients(() => tf.tidy(() => model.logits(x)));
  value.dispose();
  return gradients;
}

async function logitsOf(model: Classifier, x: Tensor): Promise<Float32Array> {
  const logits = tf.tidy(() => model.logits(x));
  try {
    return Float32Array.from(await logits.data());
  } finally {
    logits.dispose();
  }
}

/** The first `half` rows beside their own negatives. */
function withOtherNeighbours(x: Tensor, half: number, [low, high]: readonly [number, number]): Tensor {
  const kept = tf.slice(x, 0, half);
  return tf.concat([kept, tf.sub(low + high, kept)], 0);
}

/**
 * Over the first `rows` rows. Where either is not a number the change is infinite; capped, as JSON
 * has no infinity.
 */
function relativeChange(a: Float32Array, b: Float32Array, rows: number, classes: number): number {
  let change = 0;
  for (let row = 0; row < rows; row++) {
    let largest = 1e-30;
    let difference = 0;
    for (let i = row * classes; i < (row + 1) * classes; i++) {
      largest = Math.max(largest, Math.abs(a[i]!));
      const step = Math.abs(a[i]! - b[i]!);
      difference = Math.max(difference, Number.isNaN(step) ? Infinity : step);
    }
    change = Math.max(change, Math.min(difference / largest, 1e30));
  }
  return change;
}

function areProbabilities(row: Float32Array): boolean {
  const sum = row.reduce((total, value) => total + value, 0);
  return row.every((value) => value >= -1e-5 && value <= 1 + 1e-5) && Math.abs(sum - 1) <= 1e-5;
}

async function buffersOf({ buffers }: Classifier): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const buffer of Object.values(buffers ?? {})) values.push(Float32Array.from(await buffer.data()));
  return values;
}

/**
 * Whether a number is one that IEEE 754 binary16 holds: 11 significant bits, at most 65504, down to
 * steps of 2^-24.
 */
function isHalf(value: number): boolean {
  const size = Math.abs(value);
  if (size === 0) return true;
  if (!(size <= 65504)) return false;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const step = 2 ** (exponent - 10);
  return Number.isInteger(size / step);
}

/**
 * Runs `body` and counts the gradients that are computed in it: those of an optimisation inside a
 * forward pass.
 */
function countGradients<T>(body: () => T): { value: T; gradients: number } {
  const engine = tf.engine();
  const compute = engine.gradients;
  let gradients = 0;
  // An own property hides the method for the time of this synchronous call.
  engine.gradients = ((...call: Parameters<typeof compute>) => {
    gradients++;
    return compute.apply(engine, call);
  }) as typeof compute;
  try {
    const value = body();
    return { value, gradients };
  } finally {
    Reflect.deleteProperty(engine, 'gradients');
  }
}
