import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkGradient, type GradientCheck } from './check-gradient.js';
import { probabilitiesError, sampleInputs, sampleOutputs } from './outputs.js';

/** On what {@link checkClassifier} looks. */
export interface CheckClassifierOptions {
  /**
   * A few inputs [n, ...inputShape] of the model, 8 are enough; they stay the caller's. Default:
   * random ones inside the bounds.
   */
  readonly x?: tf.Tensor | undefined;
}

/**
 * Tests whether a classifier is fit to be attacked on the current backend, with one small backward
 * and some forward passes: finite weights, finite scores of the declared shape that are no
 * probabilities, and an input gradient that exists and agrees with differences of the scores. Frees
 * all it makes; `name` is what messages call the model.
 *
 * @returns How many slopes of the scores agreed with the gradient.
 * @throws AdvrobError `ADVROB_BOUNDS`, `ADVROB_WEIGHTS_NOT_FINITE`, `ADVROB_SHAPE`,
 *   `ADVROB_NOT_FINITE`, `ADVROB_PROBABILITIES`, `ADVROB_GRADIENT_MISSING` (names the missing
 *   kernel), `ADVROB_GRADIENT_WRONG` (names the layer and the op where they can be found).
 * @example
 * ```ts
 * const { agreeing } = await checkClassifier(model);
 * ```
 */
export async function checkClassifier(
  model: Classifier,
  name = 'model',
  { x }: CheckClassifierOptions = {},
): Promise<GradientCheck> {
  const [low, high] = model.bounds;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${name}: expected finite bounds [low, high] with low < high, got [${low}, ${high}]`,
    );
  await checkWeights(name, model);
  const { numClasses, areProbabilities } = await sampleOutputs(name, model, (inputs) => model.logits(inputs), x);
  if (numClasses !== model.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected scores for the declared ${model.numClasses} classes, got ${numClasses}: correct numClasses`,
    );
  if (areProbabilities) throw probabilitiesError(name, 'its rows of outputs are not negative and sum to 1');
  const inputs = x ?? sampleInputs(model);
  try {
    return await checkGradient(name, model, inputs);
  } finally {
    if (inputs !== x) inputs.dispose();
  }
}

async function checkWeights(name: string, model: Classifier): Promise<void> {
  for (const [weight, variable] of Object.entries({ ...model.weights, ...model.buffers })) {
    const sum = tf.tidy(() => tf.sum(tf.cast(tf.logicalNot(tf.isFinite(variable)), 'int32')));
    const wrong = (await sum.data())[0]!;
    sum.dispose();
    if (wrong > 0)
      throw new AdvrobError(
        'ADVROB_WEIGHTS_NOT_FINITE',
        `${name}: weight '${weight}' has ${wrong} entries that are NaN or infinite: the training that made it diverged; use an earlier checkpoint`,
      );
  }
}
