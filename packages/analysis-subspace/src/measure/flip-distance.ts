import { AdvrobError, settle } from '@advrob/core';
import { column } from '@advrob/core/rows';
import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface FlipSearch {
  /** Farthest distance looked at, in the unit of the inputs. */
  readonly limit: number;
  /** First distance looked at. Default limit / 10,000. */
  readonly first?: number | undefined;
  /**
   * From one distance of the grid to the next, above 1: a class that comes and goes between two is
   * missed. Default 1.1.
   */
  readonly ratio?: number | undefined;
  /** Halvings of the interval found. Default 20, beyond float32's precision. */
  readonly bisections?: number | undefined;
}

/** What {@link flipDistances} found, one entry for each example. */
export interface Flips {
  /**
   * Smallest distance at which the predicted class changes, or null where it does not up to the
   * limit.
   */
  readonly distances: readonly (number | null)[];
  /** Whether the point found lies inside of the model's bounds; false where there is none. */
  readonly isInside: readonly boolean[];
}

/**
 * How far each example must go along its direction until the predicted class changes: a geometric
 * grid brackets the first change, bisection refines it (Melamed et al. 2023, P4 in this package's
 * README). Points may leave the bounds of the model. In `eval` mode.
 *
 * @param x Examples [n, ...inputShape]; stay the caller's, as do the directions.
 * @param directions Of unit length, [n, ...inputShape]; a zero row never changes its class.
 * @throws AdvrobError `ADVROB_OPTION` for a limit, first distance or ratio that give no grid.
 */
export async function flipDistances(
  model: Classifier,
  x: Tensor,
  directions: Tensor,
  search: FlipSearch,
): Promise<Flips> {
  const { limit, first = limit / 10_000, ratio = 1.1, bisections = 20 } = search;
  if (!(limit > 0 && first > 0 && first <= limit && ratio > 1 && Number.isFinite(limit * ratio)))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `flipDistances: expected 0 < first <= limit and a ratio above 1, got first ${first}, limit ${limit}, ratio ${ratio}`,
    );
  const points = Math.ceil(Math.log(limit / first) / Math.log(ratio)) + 1;
  const count = x.shape[0]!;
  // The distance is state of the search, not a new number in every step: a backend that compiles
  // graphs then compiles one.
  let bracket: Bracket = {
    low: tf.zeros([count]),
    high: tf.fill([count], Infinity),
    next: tf.fill([count], first),
  };
  const labels = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const at = (distance: Tensor): Tensor => tf.add(x, tf.mul(directions, column(distance, x)));
  const hasChanged = (distance: Tensor): Tensor => tf.notEqual(tf.argMax(model.logits(at(distance)), 1), labels);
  /** Replaces the bracket by what `update` makes of it. */
  const move = async (update: (now: Bracket) => Bracket): Promise<void> => {
    const next = tf.tidy(() => update(bracket) as unknown as tf.TensorContainer) as unknown as Bracket;
    tf.dispose({ ...bracket });
    bracket = next;
    await settle(bracket.low, bracket.high, bracket.next);
  };
  try {
    for (let i = 0; i < points; i++)
      await move(({ low, high, next }) => {
        const isOpen = tf.greater(high, limit);
        const changed = hasChanged(next);
        return {
          low: tf.where(tf.logicalAnd(isOpen, tf.logicalNot(changed)), next, low),
          high: tf.where(tf.logicalAnd(isOpen, changed), next, high),
          next: tf.minimum(tf.mul(next, ratio), limit),
        };
      });
    for (let i = 0; i < bisections; i++)
      await move(({ low, high, next }) => {
        const middle = tf.mul(0.5, tf.add(low, tf.minimum(high, limit)));
        const changed = hasChanged(middle);
        const isBracketed = tf.lessEqual(high, limit);
        return {
          low: tf.where(tf.logicalAnd(isBracketed, tf.logicalNot(changed)), middle, low),
          high: tf.where(tf.logicalAnd(isBracketed, changed), middle, high),
          next: tf.clone(next),
        };
      });
    return await readFlips(model, bracket.high, limit, (distance) => at(tf.minimum(distance, limit)));
  } finally {
    tf.dispose([{ ...bracket }, labels]);
  }
}

/**
 * The first change lies above `low` and at or below `high`, which is infinite as long as none was
 * seen.
 */
interface Bracket {
  readonly low: Tensor;
  readonly high: Tensor;
  /** Next distance of the grid. */
  readonly next: Tensor;
}

async function readFlips(
  { bounds: [lowest, highest] }: Classifier,
  high: Tensor,
  limit: number,
  at: (distance: Tensor) => Tensor,
): Promise<Flips> {
  const inside = tf.tidy(() => {
    const points = tf.reshape(at(high), [high.shape[0]!, -1]);
    return tf.all(tf.logicalAnd(tf.greaterEqual(points, lowest), tf.lessEqual(points, highest)), 1);
  });
  try {
    const [found, within] = [await high.data(), await inside.data()];
    return {
      distances: Array.from(found, (distance) => (distance <= limit ? distance : null)),
      isInside: Array.from(found, (distance, i) => distance <= limit && within[i] === 1),
    };
  } finally {
    inside.dispose();
  }
}

/**
 * Flip distances of each point along a fixed direction and against it, two per point; those beyond
 * the limit count as the limit.
 *
 * @param normal Direction [d] of unit length.
 */
export async function flipsOnBothSides(
  model: Classifier,
  x: Tensor,
  normal: readonly number[],
  search: FlipSearch,
): Promise<{ readonly ahead: number[]; readonly behind: number[] }> {
  const along = async (sign: number): Promise<number[]> => {
    const directions = tf.tidy(() => tf.mul(tf.onesLike(x), tf.tensor1d(normal.map((value) => sign * value))));
    try {
      const { distances } = await flipDistances(model, x, directions, search);
      return distances.map((distance) => distance ?? search.limit);
    } finally {
      directions.dispose();
    }
  };
  return { ahead: await along(1), behind: await along(-1) };
}
