import type { Rows, Scope, StepRows } from '@advrob/core';
import { rowSize } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Values of directions that one step of the loop holds per row, so that images of any size fit into
 * memory.
 */
const valuesPerStep = 32768;

/** How an attack estimates gradients, and what it does with them. */
interface EstimatedClimb<M extends string> {
  /** Number of estimates, each followed by a step. */
  readonly steps: number;
  /** Pairs of opposite points per estimate; two queries each. */
  readonly pairs: number;
  /** How far the points of a pair are from the iterate, per unit of a direction. */
  readonly radius: number;
  /** What `advance` remembers from step to step, each tensor [rows, ...]. */
  readonly memory: Readonly<Record<M, Tensor>>;
  /** `count` directions per row [rows, count, ...] with mean 0 and variance 1. */
  draw(rows: StepRows<'scores'>, count: number): Tensor;
  /** The next iterate and memory after the estimate number `step`, `gradient` [rows, ...]. */
  advance(
    rows: StepRows<'scores'>,
    state: Readonly<Record<M | 'adv', Tensor>>,
    gradient: Tensor,
    step: number,
  ): Readonly<Record<M | 'adv', Tensor>>;
}

/**
 * Ascends the loss along gradients that are estimated from scores, from the example on. One query
 * per step asks for the iterate itself, so that a success is noticed; the first is the example,
 * which is known.
 *
 * @returns The last iterates [rows, ...], not yet offered.
 */
export async function climbEstimates<M extends string>(
  scope: Scope<'scores'>,
  { steps, pairs, radius, memory, draw, advance }: EstimatedClimb<M>,
): Promise<Tensor> {
  const perPart = Math.max(1, Math.min(pairs, Math.floor(valuesPerStep / rowSize(scope.x))));
  const parts = Math.ceil(pairs / perPart);
  const begin: Readonly<Record<string, Tensor>> = { adv: scope.x, total: tf.zerosLike(scope.x), ...memory };
  const { adv } = await scope.iterate(begin, steps * parts, (all, rows) => {
    const { total, ...rest } = all;
    const state = rest as Readonly<Record<M | 'adv', Tensor>>;
    const [step, part] = [Math.floor(rows.step / parts), rows.step % parts];
    if (step > 0 && part === 0) rows.offer(state.adv, rows.model.logits(state.adv));
    const count = part === parts - 1 ? pairs - perPart * part : perPart;
    const sum = tf.add(total!, sumOfDifferences(rows, state.adv, draw(rows, count), radius));
    if (part < parts - 1) return { ...state, total: sum };
    return { ...advance(rows, state, tf.div(sum, pairs), step), total: tf.zerosLike(sum) };
  });
  return adv!;
}

/**
 * The sum over directions `u` of `(f(x + r u) - f(x - r u)) / (2 r) * u`, where `f` is the loss:
 * after division by their number an estimate of its gradient [rows, ...] at `adv`, exact in the
 * mean for a linear loss. Two queries per direction. Points are asked for inside the bounds only;
 * peers leave them. A value that a bound stops moves less than `2 r u` between the two points, down
 * to half of it at the bound, so its part is scaled up by as much.
 *
 * @param directions - [rows, k, ...], values independent and symmetric, mean 0 and variance 1.
 * @param radius - `r`, in units of the inputs.
 */
export function sumOfDifferences(
  { model, lossOf, threat }: Pick<Rows<'scores'>, 'model' | 'lossOf' | 'threat'>,
  adv: Tensor,
  directions: Tensor,
  radius: number,
): Tensor {
  const [low, high] = threat.bounds;
  const [count, ...shape] = directions.shape.slice(1) as [number, ...number[]];
  const centre = tf.expandDims(adv, 1);
  const offsets = tf.mul(directions, radius);
  const pairs = tf.concat([tf.add(centre, offsets), tf.sub(centre, offsets)], 1);
  const points = tf.reshape(tf.clipByValue(pairs, low, high), [-1, ...shape]);
  const losses = tf.reshape(lossOf(model.logits(points)), [-1, 2, count]);
  const [ahead, behind] = tf.unstack(losses, 1) as [Tensor, Tensor];
  const slopes = tf.div(tf.sub(ahead, behind), 2 * radius);

  const length = tf.abs(offsets);
  const kept = tf.add(tf.minimum(length, tf.sub(centre, low)), tf.minimum(length, tf.sub(high, centre)));
  const scale = tf.div(tf.mul(length, 2), tf.maximum(kept, 1e-30));
  const perDirection = tf.reshape(slopes, [...slopes.shape, ...shape.map(() => 1)]);
  return tf.sum(tf.mul(tf.mul(directions, scale), perDirection), 1);
}
