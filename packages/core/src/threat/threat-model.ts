import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Norm, RowRandom, Threat, ThreatModel } from '../contract/index.js';
import { AdvrobError, nearNames } from '../errors.js';
import type { Bounds, Geometry } from './geometry.js';
import { l0 } from './l0.js';
import { l1 } from './l1.js';
import { l2 } from './l2.js';
import { linf } from './linf.js';

const geometries: Readonly<Record<Norm, Geometry>> = { linf, l2, l1, l0 };

/**
 * How far beyond its bounds a value may lie by rounding, as 1.0000001 does after a conversion
 * through float32: a millionth of their distance. Data sets and attacks go by the same rule.
 */
export function boundsSlack([low, high]: Bounds): number {
  return 1e-6 * (high - low);
}

/** The norms there are. */
export const norms = Object.keys(geometries) as readonly Norm[];

/**
 * The threat model of a norm, a radius and the bounds of a model.
 *
 * @param threat - `epsilon` in units of the bounds, 0 or more, `Infinity` for no limit but the
 *   bounds; for `l0` the number of values that may change.
 * @param bounds - Lowest and highest input value of the model. Clean examples must lie inside.
 * @throws AdvrobError `ADVROB_THREAT` for an unknown norm, an epsilon or bounds that make no
 *   sense; its functions throw it for shapes that differ.
 * @example
 * ```ts
 * import { createThreat } from '@advrob/core/threat';
 * const threat = createThreat({ norm: 'linf', epsilon: 8 / 255 }, [0, 1]);
 * const nearest = threat.project(adv, x);
 * ```
 */
export function createThreat(threat: { readonly norm: Norm; readonly epsilon: number }, bounds: Bounds): ThreatModel {
  const { norm, epsilon } = threat;
  checkThreat(norm, norms, epsilon, bounds);
  const [low, high] = bounds;
  const geometry = geometries[norm];

  const project = (adv: Tensor, x: Tensor): Tensor => {
    if (epsilon === 0) return tf.clipByValue(x, low, high);
    if (epsilon === Infinity) return tf.clipByValue(adv, low, high);
    return geometry.project(adv, x, epsilon, bounds);
  };
  const randomStart = (x: Tensor, rng: RowRandom): Tensor => {
    if (epsilon === 0) return tf.clipByValue(x, low, high);
    if (epsilon === Infinity) return rng.uniform('start', x.shape.slice(1), low, high);
    return tf.clipByValue(geometry.randomPoint(x, rng, epsilon, bounds), low, high);
  };
  return {
    norm,
    epsilon,
    bounds,
    withEpsilon: (other) => createThreat({ norm, epsilon: other }, bounds),
    project: (adv, x) => {
      checkSameShape('project', adv, x);
      return tf.tidy(() => project(adv, x));
    },
    steepestAscent: (gradient) => tf.tidy(() => geometry.steepestAscent(gradient)),
    randomStart: (x, rng) => tf.tidy(() => randomStart(x, rng)),
    distance: (adv, x) => {
      checkSameShape('distance', adv, x);
      return tf.tidy(() => geometry.distance(adv, x));
    },
  };
}

/**
 * The threat model behind a threat as a user writes it.
 *
 * @param bounds - Bounds of the model under attack.
 * @throws AdvrobError `ADVROB_THREAT` as {@link createThreat}, and when a finished threat model
 *   has other bounds than the model.
 */
export function resolveThreat(threat: Threat, bounds: Bounds): ThreatModel {
  if (!('project' in threat)) return createThreat(threat, bounds);
  if (threat.bounds[0] !== bounds[0] || threat.bounds[1] !== bounds[1])
    throw new AdvrobError(
      'ADVROB_THREAT',
      `the threat model has bounds [${threat.bounds.join(', ')}] but the model's inputs have [${bounds.join(', ')}]: ` +
        `pass { norm: '${threat.norm}', epsilon } in units of the model's inputs instead`,
    );
  return threat;
}

/** @throws AdvrobError `ADVROB_THREAT` saying which part of the threat is wrong. */
function checkThreat(norm: string, known: readonly Norm[], epsilon: number, bounds: Bounds): void {
  if (!(known as readonly string[]).includes(norm)) {
    const [near] = nearNames(String(norm), known);
    throw new AdvrobError(
      'ADVROB_THREAT',
      `no norm '${String(norm)}': ${near === undefined ? `expected ${known.join(', ')}` : `did you mean ${near}?`}`,
    );
  }
  if (typeof epsilon !== 'number' || !(epsilon >= 0))
    throw new AdvrobError(
      'ADVROB_THREAT',
      `expected epsilon to be a number, 0 or more, found ${String(epsilon)}: give it in units of the model's bounds, e.g. 8 / 255 for [0, 1]`,
    );
  if (norm === 'l0' && epsilon !== Infinity && !Number.isInteger(epsilon))
    throw new AdvrobError(
      'ADVROB_THREAT',
      `expected epsilon of l0 to be the whole number of values that may change, found ${epsilon}`,
    );
  const [low, high] = bounds;
  if (!Number.isFinite(low) || !Number.isFinite(high) || !(low < high))
    throw new AdvrobError(
      'ADVROB_THREAT',
      `expected finite bounds [low, high] with low < high, found [${low}, ${high}]`,
    );
}

/** @throws AdvrobError `ADVROB_THREAT` when two batches differ in shape. */
function checkSameShape(who: string, adv: Tensor, x: Tensor): void {
  if (adv.rank === x.rank && adv.shape.every((length, axis) => length === x.shape[axis])) return;
  throw new AdvrobError(
    'ADVROB_THREAT',
    `${who}: expected adversarial and clean examples of one shape, found [${adv.shape.join(', ')}] and [${x.shape.join(', ')}]`,
  );
}
