import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkGradient } from './gradient.js';
import { probabilitiesError, sampleOutputs } from './outputs.js';

/**
 * Tests whether a classifier is fit to be attacked on the current backend, with one small forward and backward pass: finite weights, finite scores of the
 * declared shape that are not probabilities, and an input gradient that exists and agrees with finite differences. Returns nothing; frees all it makes.
 *
 * @param name What messages call the model.
 * @throws AdvrobError `ADVROB_BOUNDS`, `ADVROB_WEIGHTS_NOT_FINITE`, `ADVROB_SHAPE`, `ADVROB_NOT_FINITE`, `ADVROB_PROBABILITIES`,
 *   `ADVROB_GRADIENT_MISSING` (names the missing kernel), `ADVROB_GRADIENT_WRONG`.
 * @example
 * ```ts
 * await checkClassifier(model);
 * ```
 */
export async function checkClassifier(model: Classifier, name = 'model'): Promise<void> {
  const [low, high] = model.bounds;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${name}: expected finite bounds [low, high] with low < high, got [${low}, ${high}]`,
    );
  await checkWeights(name, model);
  const { numClasses, areProbabilities } = await sampleOutputs(name, model, (x) => model.logits(x));
  if (numClasses !== model.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected scores for the declared ${model.numClasses} classes, got ${numClasses}: correct numClasses`,
    );
  if (areProbabilities) throw probabilitiesError(name, 'its rows of outputs are not negative and sum to 1');
  await checkGradient(name, model);
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
