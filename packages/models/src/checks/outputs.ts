import { AdvrobError, type Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';

const rows = 4;

/** Random inputs [4, ...inputShape] strictly inside the bounds, always the same. */
export function sampleInputs({
  inputShape,
  bounds: [low, high],
}: Pick<Classifier, 'inputShape' | 'bounds'>): tf.Tensor {
  const margin = 0.05 * (high - low);
  return createRandom({ seed: 0 }).uniform('check/inputs', [rows, ...inputShape], low + margin, high - margin);
}

/** What outputs at {@link sampleInputs} look like. */
interface OutputSample {
  readonly numClasses: number;
  /** No entry is negative and every row sums to 1. */
  readonly areProbabilities: boolean;
}

/**
 * Runs a model once and looks at what comes out.
 *
 * @param forward Inputs [n, ...] to scores; its result is disposed here.
 * @param x Inputs to run it on. Default {@link sampleInputs}.
 * @param rounding How far sums of probabilities may be from 1: those of a quantised file are.
 * @throws AdvrobError `ADVROB_SHAPE` unless the scores are [n, at least 2 classes],
 *   `ADVROB_NOT_FINITE` for NaN or infinity.
 */
export async function sampleOutputs(
  who: string,
  model: Pick<Classifier, 'inputShape' | 'bounds'>,
  forward: (x: tf.Tensor) => tf.Tensor,
  x?: tf.Tensor,
  rounding = 1e-3,
): Promise<OutputSample> {
  const scores = tf.tidy(() => runModel(who, () => forward(x ?? sampleInputs(model))));
  try {
    const [batch, numClasses = 0] = scores.shape;
    const count = x?.shape[0] ?? rows;
    if (scores.rank !== 2 || batch !== count || numClasses < 2)
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `${who}: expected scores [n, classes] with at least 2 classes, got [${scores.shape.join(', ')}] for ${count} inputs: flatten them, or, for a single score, say outputs: 'logits' (it is that of class 1) or 'probabilities' (on the command line --outputs)`,
      );
    const values = [...(await scores.data())];
    const wrong = values.find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new AdvrobError(
        'ADVROB_NOT_FINITE',
        `${who}: expected finite scores for inputs inside [${model.bounds.join(', ')}], got ${wrong}: check the weights and the normalisation`,
      );
    return { numClasses, areProbabilities: areDistributions(values, numClasses, rounding) };
  } finally {
    scores.dispose();
  }
}

/**
 * What a forward pass gives.
 *
 * @throws AdvrobError `ADVROB_MODEL` when it fails or gives no tensor; what is thrown by us stays.
 */
export function runModel(who: string, forward: () => unknown): tf.Tensor {
  let scores: unknown;
  try {
    scores = forward();
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AdvrobError('ADVROB_MODEL', `${who}: its forward pass fails: ${message}`, { cause });
  }
  if (scores instanceof tf.Tensor) return scores;
  const found =
    scores instanceof Promise
      ? 'a promise: make it a plain function, without async'
      : `${Array.isArray(scores) ? 'a list' : typeof scores}: return the scores alone`;
  // A promise that fails later would end the program.
  if (scores instanceof Promise) scores.catch(() => {});
  throw new AdvrobError('ADVROB_MODEL', `${who}: expected a tensor of scores, got ${found}`);
}

function areDistributions(values: readonly number[], numClasses: number, rounding: number): boolean {
  if (values.some((value) => value < 0 || value > 1 + rounding)) return false;
  for (let start = 0; start < values.length; start += numClasses) {
    const sum = values.slice(start, start + numClasses).reduce((total, value) => total + value, 0);
    if (Math.abs(sum - 1) > rounding) return false;
  }
  return true;
}

/** The error for a model that gives probabilities where logits are expected. */
export function probabilitiesError(who: string, reason: string): AdvrobError {
  return new AdvrobError(
    'ADVROB_PROBABILITIES',
    `${who}: expected logits, but ${reason}: attacks through saturated probabilities see zero gradients and report robustness that is not there. ` +
      `Pass outputs: 'probabilities' (on the command line --outputs probabilities) to have them turned into logits, or leave the last activation out`,
  );
}

/**
 * Smallest probability whose logarithm is taken: float32 probabilities underflow to 0, whose
 * logarithm and gradient would not be finite.
 */
const smallest = 1e-37;

/**
 * log p: logits up to a constant for each row, so that softmax, cross-entropy, margins and DLR come
 * out as with the logits themselves. Where p has underflowed to 0 the information is gone, and the
 * gradient is 0. A single column is the probability of class 1 of two.
 */
export function logProbabilities(probabilities: tf.Tensor): tf.Tensor {
  const all = probabilities.shape[1] === 1 ? tf.concat([tf.sub(1, probabilities), probabilities], 1) : probabilities;
  return tf.log(tf.maximum(all, smallest));
}

/** Two logits [0, z] out of one score z [n, 1], which is above 0 for class 1. */
export function binaryLogits(score: tf.Tensor): tf.Tensor {
  return tf.concat([tf.zerosLike(score), score], 1);
}
