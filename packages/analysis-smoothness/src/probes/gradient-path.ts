import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { addScaled, currentWeights, normOf, type WeightVector } from './weight-vector.js';
import { attacked, type Adversary, type ProbeExamples } from './examples.js';
import { lossGradient } from './loss-gradient.js';

/** K2 between two looks. */
export type PathStep = {
  /**
   * ||g_{t+1} - g_t|| / ||theta_{t+1} - theta_t||; null at the first look and where the weights stood still.
   */
  readonly ratio: number | null;
  /** ||theta_{t+1} - theta_t||. */
  readonly distance: number;
};

/** Looks at a model again and again while it is trained. */
export interface GradientPath {
  /** Measures at the weights as they are now. */
  look(): Promise<PathStep>;
  dispose(): void;
}

/**
 * Probe K2: how fast the gradient of the (adversarial) loss on a fixed batch changes along the path
 * of training. Call `look` once an epoch, e.g. as the `measure` of `fit`'s validation; the attack
 * runs anew each time. The examples stay the caller's.
 */
export function gradientPath(model: Classifier, examples: ProbeExamples, adversary?: Adversary): GradientPath {
  let before: { weights: WeightVector; gradient: WeightVector } | undefined;
  return {
    async look() {
      const inputs = await attacked(model, examples, adversary);
      const gradient = await lossGradient(model, examples, inputs).finally(() => tf.dispose(inputs));
      const weights = currentWeights(model);
      const last = before;
      before = { weights, gradient };
      if (!last) return { ratio: null, distance: 0 };
      const [moved, changed] = [addScaled(weights, last.weights, -1), addScaled(gradient, last.gradient, -1)];
      try {
        const [distance, change] = [await normOf(moved), await normOf(changed)];
        return { ratio: distance > 0 ? change / distance : null, distance };
      } finally {
        tf.dispose([moved, changed, last.weights, last.gradient]);
      }
    },
    dispose() {
      if (before) tf.dispose([before.weights, before.gradient]);
      before = undefined;
    },
  };
}
