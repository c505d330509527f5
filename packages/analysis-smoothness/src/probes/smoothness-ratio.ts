import { AdvrobError } from '@advrob/core';
import type { Classifier, Random } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { addScaled, atWeights, currentWeights, normOf, randomUnit } from './weight-vector.js';
import type { WeightVector } from './weight-vector.js';
import { displacement } from './displacement.js';
import { attacked } from './examples.js';
import type { Adversary, ProbeExamples } from './examples.js';
import { lossGradient } from './loss-gradient.js';

export interface SmoothnessOptions {
  /** Left out: the clean loss. */
  readonly adversary?: Adversary | undefined;
  /** Steps h as shares of ||theta||. Default 1e-1, 1e-2, 1e-3, 1e-4. */
  readonly steps?: readonly number[];
  /** Random directions. Default 3. */
  readonly directions?: number;
  /** Draws them. */
  readonly random: Random;
}

/** K1 and K3 at one step along one direction. */
export type SmoothnessPoint = {
  readonly direction: number;
  /** h / ||theta||. */
  readonly step: number;
  /** K1: R(h) = ||grad L(theta + h v) - grad L(theta)|| / h. */
  readonly ratio: number;
  /**
   * K3: mean ||delta*(theta + h v) - delta*(theta)|| over eps_2, or eps_inf sqrt(d). Undefined for
   * the clean loss: null.
   */
  readonly displacement: number | null;
  /** K3: share of input values whose perturbation changed its sign; null for the clean loss. */
  readonly flipped: number | null;
};

/**
 * Probes K1 and K3: how fast the gradient of the (adversarial) loss and the attack itself change
 * along random unit directions v in the weights, over step lengths h. The attack runs anew at every
 * point, with one seed. Smooth: R does not depend on h. Jumps: R grows as 1 / h. In `eval` mode;
 * the weights come back as they were.
 *
 * Defined in this package's README; the sign is that of Kanai et al. 2021,
 * https://arxiv.org/abs/2103.01400: Linf less smooth than L2.
 *
 * @throws AdvrobError `ADVROB_OPTION` for steps that are not above 0.
 */
export async function smoothnessRatio(
  model: Classifier,
  examples: ProbeExamples,
  { adversary, steps = [1e-1, 1e-2, 1e-3, 1e-4], directions = 3, random }: SmoothnessOptions,
): Promise<SmoothnessPoint[]> {
  if (!(steps.length > 0 && steps.every((step) => step > 0) && Number.isInteger(directions) && directions > 0))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `smoothnessRatio: expected steps above 0 and at least one direction, got ${steps.join(', ')} and ${directions}`,
    );
  const here = await gradientHere(model, examples, adversary);
  const weights = currentWeights(model);
  const points: SmoothnessPoint[] = [];
  try {
    const length = await normOf(weights);
    for (let direction = 0; direction < directions; direction++) {
      const unit = await randomUnit(model, random, `smoothness/${direction}`);
      try {
        for (const step of steps) {
          const h = step * length;
          const there = await atWeights(
            model,
            (name) => tf.mul(unit[name]!, h),
            () => gradientHere(model, examples, adversary),
          );
          try {
            const difference = addScaled(there.gradient, here.gradient, -1);
            const ratio = (await normOf(difference)) / h;
            tf.dispose(difference);
            const moved = adversary ? await displacement(examples, here.inputs, there.inputs, adversary.threat) : none;
            points.push({ direction, step, ratio, ...moved });
          } finally {
            tf.dispose([there.gradient, there.inputs]);
          }
        }
      } finally {
        tf.dispose(unit);
      }
    }
    return points;
  } finally {
    tf.dispose([weights, here.gradient, here.inputs]);
  }
}

const none = { displacement: null, flipped: null };

/** Attack and gradient at the weights as they are. The tensors are the caller's. */
async function gradientHere(
  model: Classifier,
  examples: ProbeExamples,
  adversary: Adversary | undefined,
): Promise<{ inputs: Tensor[]; gradient: WeightVector }> {
  const inputs = await attacked(model, examples, adversary);
  try {
    return { inputs, gradient: await lossGradient(model, examples, inputs) };
  } catch (error) {
    tf.dispose(inputs);
    throw error;
  }
}
