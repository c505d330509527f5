import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Runs `body`, which may train the model, and gives it its weights and buffers back, also when `body` throws. */
export async function keepingValues<T>(model: Classifier, body: () => Promise<T>): Promise<T> {
  const variables = Object.values({ ...model.weights, ...model.buffers });
  const before = variables.map((variable) => tf.clone(variable as Tensor));
  try {
    return await body();
  } finally {
    for (const [i, variable] of variables.entries()) variable.assign(before[i]!);
    tf.dispose(before);
  }
}
