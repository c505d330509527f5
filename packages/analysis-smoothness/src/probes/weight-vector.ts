import { AdvrobError, settle } from '@advrob/core';
import type { AnalysisSubject, Classifier, Random } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withWeights } from '@advrob/training';

/**
 * One tensor for each weight of a model, by its names: weights, a gradient or a direction, as one
 * long vector.
 */
export type WeightVector = Readonly<Record<string, Tensor>>;

/** The weights as they are now. The result is the caller's. */
export function currentWeights(model: Classifier): WeightVector {
  return mapWeights(model.weights as unknown as WeightVector, (weight) => tf.clone(weight));
}

/**
 * @param isAttacked - Whether the loss is that of adversarial examples.
 * @throws AdvrobError as {@link checkWeights}, and for no threat where one is needed.
 */
export function checkProbed(who: string, subject: AnalysisSubject<'model'>, isAttacked: boolean): void {
  checkWeights(who, subject.models.model);
  if (isAttacked) void subject.threat;
}

/**
 * @throws AdvrobError `ADVROB_ANALYSIS` for a model without trainable weights, e.g. a GraphModel,
 *   or a function that names none.
 */
export function checkWeights(who: string, model: Classifier): void {
  if (Object.keys(model.weights).length > 0) return;
  const reason =
    Object.keys(model.buffers ?? {}).length > 0
      ? 'the weights of this model are constants, as those of a tfjs GraphModel are: load it as a LayersModel, or its weights as safetensors of a known architecture'
      : 'this model names none: pass { weights } to fromFunction, or another model';
  throw new AdvrobError(
    'ADVROB_ANALYSIS',
    `${who} moves the trainable weights of a model, and ${reason}. Analyses of the outputs, such as logit-statistics, need no weights`,
  );
}

/** A new vector, part by part; temporary tensors are freed. */
export function mapWeights(vector: WeightVector, change: (part: Tensor, name: string) => Tensor): WeightVector {
  return tf.tidy(
    () =>
      Object.fromEntries(Object.entries(vector).map(([name, part]) => [name, change(part, name)])) as Record<
        string,
        Tensor
      >,
  );
}

/** a + factor * b. */
export function addScaled(a: WeightVector, b: WeightVector, factor: number): WeightVector {
  return mapWeights(a, (part, name) => tf.add(part, tf.mul(b[name]!, factor)));
}

export function scaled(a: WeightVector, factor: number): WeightVector {
  return mapWeights(a, (part) => tf.mul(part, factor));
}

/** Euclidean norm of the whole vector. */
export async function normOf(vector: WeightVector): Promise<number> {
  return Math.sqrt(await innerProduct(vector, vector));
}

export async function innerProduct(a: WeightVector, b: WeightVector): Promise<number> {
  const product = tf.tidy(() => tf.addN(Object.keys(a).map((name) => tf.sum(tf.mul(a[name]!, b[name]!)))));
  try {
    return (await product.data())[0]!;
  } finally {
    product.dispose();
  }
}

/** A random direction of length 1 over all weights. */
export async function randomUnit(model: Classifier, random: Random, purpose: string): Promise<WeightVector> {
  const drawn = mapWeights(model.weights as unknown as WeightVector, (weight, name) =>
    random.normal(`${purpose}/${name}`, weight.shape),
  );
  try {
    return scaled(drawn, 1 / (await normOf(drawn)));
  } finally {
    tf.dispose(drawn);
  }
}

/**
 * What `body` finds at other weights; afterwards they are as before. The moved weights are computed
 * first, apart from what is measured there, so that a backend that compiles graphs meets the same
 * one at every point.
 *
 * @param change Gives what is added to the weight `name`, or undefined to leave it.
 */
export function atWeights<T>(
  model: Classifier,
  change: (name: string, weight: Tensor) => Tensor | undefined,
  body: () => Promise<T>,
): Promise<T> {
  return withWeights(
    model,
    (name, weight) => change(name, weight as unknown as Tensor),
    async () => {
      await settle(...Object.values<Tensor>(model.weights));
      return body();
    },
  );
}
