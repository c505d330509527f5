import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier, ForwardOptions, GradientModel, Knowledge } from '../contract/index.js';

/**
 * The only view of a model that an attack of this knowledge receives. `count` is told the number of rows of each forward pass, `countGradient` those of
 * each gradient.
 */
export function narrow<K extends keyof Knowledge>(
  model: Classifier,
  knowledge: K,
  how: ForwardOptions,
  count: (rows: number) => void,
  countGradient: (rows: number) => void = () => {},
): Knowledge[K] {
  const forward = (x: Tensor): Tensor => {
    count(x.shape[0]!);
    return model.logits(x, how);
  };
  const labels = (x: Tensor): Tensor => tf.tidy(() => tf.argMax(forward(x), 1));
  const facts = { numClasses: model.numClasses, bounds: model.bounds };
  const views = {
    labels: () => ({ ...facts, labels }),
    scores: () => ({ ...facts, labels, logits: forward }),
    gradients: () => ({ ...facts, labels, logits: forward, gradient: gradientOf(forward, countGradient) }),
  };
  return views[knowledge]() as Knowledge[K];
}

function gradientOf(forward: (x: Tensor) => Tensor, count: (rows: number) => void): GradientModel['gradient'] {
  return (x, loss) =>
    tf.tidy(() => {
      count(x.shape[0]!);
      let logits: Tensor | undefined;
      let values: Tensor | undefined;
      const lossOf = (input: Tensor): Tensor => {
        const outputs = forward(input);
        const perRow = loss(outputs);
        // The tape frees what it does not return; the clones share the data.
        logits = tf.keep(tf.clone(outputs));
        values = tf.keep(tf.clone(perRow));
        return perRow;
      };
      try {
        const gradient = gradientOrZero(lossOf, x);
        return { gradient, logits: tf.clone(logits!), loss: tf.clone(values!) };
      } finally {
        logits?.dispose();
        values?.dispose();
      }
    });
}

/** The gradient of the sum of `f`; zero where `f` does not depend on `x` (a constant classifier). */
function gradientOrZero(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const engine = tf.engine();
  try {
    const allowNoGradients = true;
    return engine.gradients(() => f(x), [x], undefined, allowNoGradients).grads[0] ?? tf.zerosLike(x);
  } catch (error) {
    // tfjs keeps what it saved for the backward pass when a kernel throws in between.
    if (engine.state.gradientDepth === 0) {
      for (const node of engine.state.activeTape ?? []) for (const saved of node.saved ?? []) saved.dispose();
      engine.state.activeTape = [];
    }
    throw error;
  }
}
