import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { InputSet } from './input-set.js';
import { roundDown, roundUp } from './rounding.js';

/**
 * What must not happen: a conjunction of `rows` . logits <= `limits`. A label is lost where one of
 * the clauses y - t <= 0 holds.
 */
export interface Clause {
  /** Coefficients of the logits, of each row. */
  readonly rows: readonly Float32Array[];
  readonly limits: readonly number[];
}

/** Of one example: its set, and what must not happen in it. */
export interface Problem {
  readonly model: Classifier;
  /** Of one example. */
  readonly set: InputSet;
  /** The same with ends rounded inward: what its points are surely of the set. */
  readonly inner: InputSet;
  readonly clauses: readonly Clause[];
  /** Whether a row that is exactly at its limit counts. */
  readonly isClosed: boolean;
}

export interface SearchOptions {
  readonly steps: number;
  readonly restarts: number;
  readonly seed: number;
  readonly isOver?: (() => boolean) | undefined;
}

/** The clause that logits fulfil, or -1. */
export function violated({ clauses, isClosed }: Problem, logits: ArrayLike<number>, at = 0): number {
  return clauses.findIndex(({ rows, limits }) =>
    rows.every((row, i) => {
      const room = row.reduce((sum, c, k) => sum + c * logits[at + k]!, 0) - limits[i]!;
      return isClosed ? room <= 0 : room < 0;
    }),
  );
}

/** A point moved into a set. */
function inside({ low, high, ball }: InputSet, point: ArrayLike<number>): Float32Array {
  const found = Float32Array.from(point);
  if (!ball) return found.map((value, i) => Math.min(high[i]!, Math.max(low[i]!, value)));
  const { norm, center } = ball;
  const epsilon = ball.epsilon[0]! * (1 - 1e-6);
  const differences = found.map((value, i) => Math.min(high[i]!, Math.max(low[i]!, value)) - center[i]!);
  const length = norm === 'l2' ? Math.hypot(...differences) : differences.reduce((sum, d) => sum + Math.abs(d), 0);
  const share = length > epsilon ? epsilon / length : 1;
  return differences.map((d, i) => Math.min(high[i]!, Math.max(low[i]!, center[i]! + d * share)));
}

/** The set with the ends of its box rounded inward: to `low` and `high` in float64, [size]. */
export function rounded(set: InputSet, low: ArrayLike<number>, high: ArrayLike<number>): InputSet {
  return {
    ...set,
    low: set.low.map((_, i) => roundUp(low[i]!)),
    high: set.high.map((_, i) => Math.max(roundUp(low[i]!), roundDown(high[i]!))),
  };
}

/** Starts of one search; of a property with more clauses the others have none of their own. */
const mostStarts = 512;

/**
 * Looks for a point of the set where a clause holds: projected gradient descent on the worst row,
 * from corners and random points, each restart after one clause.
 *
 * @returns The point, which a forward pass of its own confirmed; undefined when none was found.
 */
export async function searchPoint(problem: Problem, options: SearchOptions): Promise<Float32Array | undefined> {
  const { model, inner: set, clauses } = problem;
  const size = set.low.length;
  const count = Math.min(mostStarts, Math.max(options.restarts, clauses.length));
  const most = Math.max(...clauses.map(({ rows }) => rows.length));
  const classes = model.numClasses;
  const coefficients = new Float32Array(count * most * classes);
  const limits = new Float32Array(count * most);
  for (let i = 0; i < count; i++) {
    const { rows, limits: at } = clauses[i % clauses.length]!;
    for (let row = 0; row < most; row++) {
      const taken = Math.min(row, rows.length - 1);
      coefficients.set(rows[taken]!, (i * most + row) * classes);
      limits[i * most + row] = at[taken]!;
    }
  }
  const shape = [count, ...model.inputShape];
  const [c, l, low, high] = tf.tidy(() => [
    tf.tensor3d(coefficients, [count, most, classes]),
    tf.tensor2d(limits, [count, most]),
    tf.tensor(set.low, [1, ...model.inputShape]),
    tf.tensor(set.high, [1, ...model.inputShape]),
  ]) as [Tensor, Tensor, Tensor, Tensor];
  const rooms = (logits: Tensor): Tensor =>
    tf.max(tf.sub(tf.reshape(tf.matMul(c, tf.reshape(logits, [count, classes, 1])), [count, most]), l), 1);
  const gradient = tf.grad((x: Tensor) => tf.sum(rooms(model.logits(x))));
  const middles = Array.from(set.low, (value, i) => (value + set.high[i]!) / 2);
  const halves = Array.from(set.low, (value, i) => (set.high[i]! - value) / 2);
  const draw = tf.tidy(() => tf.randomUniform(shape, -1, 1, 'float32', options.seed + 1));
  const drawn = (await draw.data()) as Float32Array;
  draw.dispose();
  const starts = Float32Array.from({ length: count * size }, (_, i) => {
    const example = Math.floor(i / size);
    const step = example % 2 === 0 ? drawn[i]! : drawn[i]! < 0 ? -1 : 1;
    return middles[i % size]! + (example === 0 ? 0 : step * halves[i % size]!);
  });
  const width = tf.tidy(() => tf.mul(tf.sub(high, low), 0.5));
  let x: Tensor = tf.tensor(starts, shape);
  try {
    for (let step = 0; step <= options.steps; step++) {
      if (step % 10 === 0 || step === options.steps) {
        const found = await firstViolation(problem, (await x.data()) as Float32Array, count);
        if (found || options.isOver?.()) return found;
      }
      const rate = 0.5 * 0.01 ** (step / Math.max(1, options.steps));
      const next = tf.tidy(() => {
        const g = gradient(x);
        // Signs as the CPU, WASM and other backends agree on.
        const signs = tf.sub(tf.cast(tf.greater(g, 0), 'float32'), tf.cast(tf.less(g, 0), 'float32'));
        return towards(tf.minimum(tf.maximum(tf.sub(x, tf.mul(tf.mul(signs, width), rate)), low), high), set);
      });
      x.dispose();
      x = next;
    }
    return undefined;
  } finally {
    tf.dispose([x, c, l, low, high, width]);
  }
}

/** Points [n, ...shape] pulled to the center of a ball until they are in it. */
function towards(x: Tensor, { ball, shape }: InputSet): Tensor {
  if (!ball) return x;
  const center = tf.tensor(ball.center, [1, ...shape]);
  const difference = tf.sub(x, center);
  const axes = shape.map((_, axis) => axis + 1);
  const length =
    ball.norm === 'l2' ? tf.sqrt(tf.sum(tf.square(difference), axes, true)) : tf.sum(tf.abs(difference), axes, true);
  const share = tf.minimum(1, tf.div(ball.epsilon[0]!, tf.maximum(length, 1e-30)));
  return tf.add(center, tf.mul(difference, share));
}

/** The first of some points [count, size], moved inside, that a forward pass finds to fulfil a clause. */
export async function firstViolation(
  problem: Problem,
  points: Float32Array | Float64Array,
  count: number,
): Promise<Float32Array | undefined> {
  const { model, inner: set } = problem;
  const size = set.low.length;
  const moved = Array.from({ length: count }, (_, i) => inside(set, points.subarray(i * size, (i + 1) * size)));
  const all = new Float32Array(count * size);
  moved.forEach((point, i) => all.set(point, i * size));
  const logits = await logitsOf(model, all, count);
  const first = moved.findIndex((_, i) => violated(problem, logits, i * model.numClasses) >= 0);
  if (first < 0) return undefined;
  const again = await logitsOf(model, moved[first]!, 1);
  return violated(problem, again) >= 0 ? moved[first] : undefined;
}

export async function logitsOf(model: Classifier, points: Float32Array, count: number): Promise<Float32Array> {
  const logits = tf.tidy(() => model.logits(tf.tensor(points, [count, ...model.inputShape])));
  try {
    const values = (await logits.data()) as Float32Array;
    if (!values.every(Number.isFinite))
      throw new AdvrobError('ADVROB_NOT_FINITE', 'certify: the model gives logits that are not finite numbers');
    return values;
  } finally {
    logits.dispose();
  }
}
