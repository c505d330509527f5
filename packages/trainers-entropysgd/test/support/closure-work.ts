import type { Classifier, Random, Work } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export type Values = Readonly<Record<string, readonly number[]>>;

/** Weights alone, for an optimizer whose gradient is a closure. */
export function bareModel(initial: Values, shapes: Readonly<Record<string, number[]>> = {}): Classifier {
  const weights = Object.fromEntries(
    Object.entries(initial).map(([name, values]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor([...values], shapes[name] ?? [values.length]))),
    ]),
  );
  return {
    inputShape: [1],
    numClasses: 2,
    bounds: [0, 1],
    weights,
    logits: () => {
      throw new Error('a bare model has no logits');
    },
    dispose: () => tf.dispose(weights),
  };
}

/** The work of one step whose gradient is `gradient`, called at the present weights, with the count of the draws so far. */
export function closureWork(
  model: Classifier,
  rate: number,
  rng: Random,
  gradient: (draw: number) => Record<string, Tensor>,
): Work {
  let draws = 0;
  return {
    model,
    rate,
    rng,
    step: 0,
    epoch: 0,
    async draw() {
      draws += 1;
      return { values: {} };
    },
    gradient: async () => ({ grads: tf.tidy(() => gradient(draws - 1)), terms: {} }),
    update: (body) => void tf.tidy(body),
    hold: (tensor) => tensor,
  };
}

export async function valuesOf(model: Classifier): Promise<Record<string, number[]>> {
  const entries = Object.entries(model.weights);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, v]) => [name, Array.from(await v.data())] as const)),
  );
}
