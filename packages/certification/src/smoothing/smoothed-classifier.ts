import { AdvrobError, parseOptions, type Classifier, type Norm } from '@advrob/core';
import { binomialTest } from '@advrob/core/statistics';
import type { Tensor } from '@tensorflow/tfjs-core';
import type * as z from 'zod';
import { certifySmoothed, type SmoothedCertificate } from './certify.js';
import { noiseOf } from './noise.js';
import { checkNorm, smoothingOptions } from './smoothing.js';
import { countVotes, mostVoted, type Ballot } from './votes.js';

interface SmoothedCall {
  /** Of the draws. Default 0. */
  readonly seed?: number | undefined;
  /** Identity of each example [n], which its draws depend on. Default 0 to n - 1. */
  readonly ids?: Int32Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `predict` of a smoothed classifier found for one example. */
export interface SmoothedPrediction {
  /** The class, or -1: it abstains. */
  readonly prediction: number;
  /** Of the test that the two classes with the most votes are equally likely. */
  readonly pValue: number;
  /** Votes [K]. */
  readonly counts: Int32Array;
}

/** A majority vote of a classifier under noise. */
export interface SmoothedClassifier {
  /**
   * Classes of `x` [n, ...inputShape]. Where it does not abstain the class is that of the smoothed
   * classifier with a probability of at least 1 - alpha. Cohen et al. 2019, algorithm PREDICT.
   *
   * @param call - `draws`: default 1000.
   */
  predict(x: Tensor, call?: SmoothedCall & { readonly draws?: number | undefined }): Promise<SmoothedPrediction[]>;
  /**
   * Classes of `x` with the radii in which they stay, each right with a probability of at least
   * 1 - alpha, without labels. Algorithm CERTIFY.
   *
   * @param call - `norm`: default l2. `epsilon`: a radius that is enough. Default: the largest.
   */
  certify(
    x: Tensor,
    call?: SmoothedCall & { readonly norm?: Norm | undefined; readonly epsilon?: number | undefined },
  ): Promise<SmoothedCertificate[]>;
}

/**
 * The classifier that `smoothing` certifies, for who wants to use it. The model and the inputs stay
 * the caller's.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_CERTIFY` for a norm that the
 *   noise does not certify in, `ADVROB_ABORTED` on the signal.
 * @example
 * ```ts
 * import { smoothedClassifier } from '@advrob/certification';
 * const smoothed = smoothedClassifier(model, { sigma: 0.5 });
 * const [first] = await smoothed.predict(x); // { prediction: 7, pValue: 1e-200, counts }
 * ```
 */
export function smoothedClassifier(
  model: Classifier,
  options: z.input<typeof smoothingOptions> = {},
): SmoothedClassifier {
  const settings = parseOptions(smoothingOptions, options, 'smoothedClassifier');
  const { quantise, batch, alpha } = settings;
  const ballotOf = (x: Tensor, { seed = 0, ids, signal }: SmoothedCall): Ballot => ({
    model,
    x,
    ids: ids ?? Int32Array.from({ length: x.shape[0]! }, (_, row) => row),
    seed,
    noise: noiseOf(settings),
    quantise,
    batch,
    signal,
  });
  return {
    async predict(x, { draws = 1000, ...call } = {}) {
      if (!Number.isSafeInteger(draws) || draws < 1)
        throw new AdvrobError('ADVROB_OPTION', `draws: expected a whole number of at least 1, got ${draws}`);
      const ballot = ballotOf(x, call);
      const requests = Array.from(ballot.ids, (_, row) => ({ row, from: 0, to: draws }));
      return (await countVotes(ballot, 'predict', requests)).map((counts) => {
        const prediction = mostVoted(counts);
        const second = counts.reduce((most, count, label) => (label === prediction ? most : Math.max(most, count)), 0);
        const pValue = binomialTest(counts[prediction]!, second);
        return { prediction: pValue > alpha ? -1 : prediction, pValue, counts };
      });
    },
    async certify(x, { norm = 'l2', epsilon = Infinity, ...call } = {}) {
      checkNorm(norm, settings);
      return certifySmoothed(ballotOf(x, call), { ...settings, norm, epsilon });
    },
  };
}
