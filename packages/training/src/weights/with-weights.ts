import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';

/** What is added to weights, by their names. */
export type WeightChanges = Readonly<Record<string, Tensor>>;

/**
 * Adds a change to the weights, awaits `body`, and takes the change back, also when `body` throws.
 * A weight that `body` left alone gets its old bits again; from one that it changed, e.g. by an
 * optimizer step there, the change is subtracted, as AWP does (https://arxiv.org/abs/2004.05884).
 *
 * @param change Gives what is added to the weight `name`, of its shape, or undefined to leave it.
 *   Called inside `tf.tidy`, for all weights before the first is changed.
 * @throws AdvrobError `ADVROB_SHAPE` for a change of another shape than its weight.
 * @example
 * ```ts
 * const noise = (name, w) => tf.mul(0.01, rng.normal(name, w.shape));
 * const adversarial = await withWeights(model, noise, () => attack.maximize(model, x, y, threat));
 * ```
 */
export async function withWeights<T>(
  model: Classifier,
  change: (name: string, weight: Variable) => Tensor | undefined,
  body: () => Promise<T>,
): Promise<T> {
  const changes = weightChanges(model, change);
  const restore = moveWeights(model, changes);
  try {
    return await body();
  } finally {
    restore();
    tf.dispose(changes);
  }
}

/**
 * Asks for the change of each weight. The tensors are the caller's. @throws AdvrobError
 * `ADVROB_SHAPE` for a change of another shape than its weight.
 */
export function weightChanges(
  model: Classifier,
  change: (name: string, weight: Variable) => Tensor | undefined,
): WeightChanges {
  return tf.tidy(() => {
    const made: Record<string, Tensor> = {};
    for (const [name, weight] of Object.entries(model.weights)) {
      const by = change(name, weight);
      if (!by) continue;
      if (by.shape.join() !== weight.shape.join())
        throw new AdvrobError(
          'ADVROB_SHAPE',
          `withWeights: expected a change of shape [${weight.shape.join(', ')}] for weight '${name}', got [${by.shape.join(', ')}]`,
        );
      made[name] = by;
    }
    return made;
  });
}

/**
 * Adds the changes to the weights. The function returned takes them back, once: a weight that was
 * left alone gets its old bits again, from any other its change is subtracted.
 */
export function moveWeights(model: Classifier, changes: WeightChanges): () => void {
  const moved = Object.entries(changes).map(([name, by]) => {
    const weight = model.weights[name]!;
    const before = tf.clone(weight as Tensor);
    const after = tf.add(before, by);
    weight.assign(after);
    return { weight, before, after };
  });
  return () => {
    for (const { weight, before, after } of moved) {
      if (weight.dataId === after.dataId) weight.assign(before);
      // What the body changed is added to the old weight: subtracting the change would leave a
      // rounding error of its size in every step.
      else tf.tidy(() => weight.assign(tf.add(before, tf.sub(weight, after))));
      tf.dispose([before, after]);
    }
  };
}
