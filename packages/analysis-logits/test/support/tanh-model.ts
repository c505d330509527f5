import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

export type Values = Readonly<Record<string, readonly number[]>>;

/** One tanh layer and a linear one: weights hidden.weight [d, h], hidden.bias, last.weight [h, C], last.bias. */
export function tanhModel(initial: Values, shapes: Readonly<Record<string, number[]>>): Classifier {
  const weights = Object.fromEntries(
    Object.entries(initial).map(([name, values]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor([...values], shapes[name]!))),
    ]),
  );
  const dense = (x: Tensor, layer: string): Tensor => {
    const matrix: Tensor = weights[`${layer}.weight`]!;
    return tf.add(
      tf.matMul(tf.reshape(x, [x.shape[0]!, -1]) as Tensor2D, matrix as Tensor2D),
      weights[`${layer}.bias`]!,
    );
  };
  const features = (x: Tensor): Tensor => tf.tidy(() => tf.tanh(dense(x, 'hidden')));
  const head = (h: Tensor): Tensor => tf.tidy(() => dense(h, 'last'));
  return {
    inputShape: [shapes['hidden.weight']![0]!],
    numClasses: shapes['last.weight']![1]!,
    bounds: [0, 1],
    weights,
    features,
    head,
    logits: (x) => tf.tidy(() => head(features(x))),
    dispose: () => tf.dispose(weights),
  };
}
