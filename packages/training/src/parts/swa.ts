import { defineAverager, type Averager, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { copyWeights, followWeights, mixWeights } from './shared.js';

export const swaOptions = z.strictObject({
  start: z
    .int()
    .min(0)
    .describe(
      'passes over the data before the first that is averaged: shortly after the first drop of the learning rate',
    ),
  every: z.int().min(1).default(1).describe('passes over the data from one average to the next'),
});

/**
 * Stochastic weight averaging (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407, algorithm 1;
 * against robust overfitting: Chen et al. 2021, https://openreview.net/forum?id=qZzy5urZw9):
 * `swa = (1 - 1 / (n + 1)) * swa + 1 / (n + 1) * w` at the end of every pass number `start`,
 * `start + every` ..., counted from 0. Until the first the average is the weights themselves. `fit`
 * measures it apart, with batch norm's statistics estimated anew, and keeps it.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { swa } from '@advrob/training';
 * const averager = swa({ start: 55 }); // of 200 passes with the first drop at 50, as Chen et al.
 * ```
 */
export const swa = defineAverager({
  name: 'swa',
  summary: 'Stochastic weight averaging: the mean of the weights at the ends of passes.',
  paper:
    'Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization, https://arxiv.org/abs/1803.05407',
  options: swaOptions,
  create:
    ({ start, every }) =>
    (model: Classifier): Averager => {
      const weights = copyWeights(model);
      const state = { ...weights, averaged: 0 } as Averager['state'] & { averaged: number };
      return {
        weights,
        state,
        get hasAverage() {
          return state.averaged > 0;
        },
        afterStep(trained) {
          if (state.averaged === 0) followWeights(weights, trained);
        },
        afterEpoch(trained, epoch) {
          if (epoch < start || (epoch - start) % every !== 0) return;
          mixWeights(weights, trained, 1 - 1 / (state.averaged + 1));
          state.averaged += 1;
        },
        dispose: () => tf.dispose(weights),
      };
    },
});
