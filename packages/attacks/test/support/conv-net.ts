import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { fixture, tensorOf, type Nested } from './smooth-net.js';

interface Outcomes {
  readonly weights: Readonly<Record<'filters1' | 'filters2' | 'kernel' | 'bias', Nested>>;
  readonly x: Nested;
  readonly y: Nested;
  readonly runs: Readonly<
    Record<
      'linf' | 'l2' | 'l1',
      {
        readonly epsilon: number;
        readonly steps: number;
        readonly pgd: { readonly loss: readonly number[]; readonly fooled: readonly boolean[] };
        readonly closest: readonly number[];
      }
    >
  >;
}

/**
 * What tooling/oracle/attacks/outcomes.py wrote. Iterates part where gradients are 0 or at rounding
 * level; losses, flags and distances must not.
 */
export const outcomes = fixture<Outcomes>('outcomes.json');

/** Its network: ReLU and max pooling, trained. */
export function convNet(): Classifier {
  const { filters1, filters2, kernel, bias } = outcomes.weights;
  const layers = [tensorOf(filters1), tensorOf(filters2)] as tf.Tensor4D[];
  const [dense, offset] = [tensorOf(kernel) as tf.Tensor2D, tensorOf(bias)];
  return {
    inputShape: [12, 12, 1],
    numClasses: 10,
    bounds: [0, 1],
    weights: {},
    logits: (x) =>
      tf.tidy(() => {
        const features = layers.reduce(
          (z, filters) => tf.maxPool(tf.relu(tf.conv2d(z, filters, 1, 'same')), 2, 2, 'valid'),
          x as tf.Tensor4D,
        );
        return tf.add(tf.matMul(tf.reshape(features, [x.shape[0]!, -1]), dense), offset);
      }),
  };
}
