import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import { crossEntropy } from '@advrob/core/losses';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { fabT, pgd } from '../src/index.js';
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

/** The network of tooling/oracle/attacks/outcomes.py: ReLU and max pooling, trained. */
function convNet({ filters1, filters2, kernel, bias }: Outcomes['weights']): Classifier {
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

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// Iterates part where gradients are 0 or at rounding level; losses, flags and distances must not.
describe.each(['linf', 'l2', 'l1'] as const)('outcomes of PyTorch on a conv net in %s', (norm) => {
  const { weights, x, y, runs } = fixture<Outcomes>('outcomes.json');
  const { epsilon, steps, pgd: wanted, closest } = runs[norm];

  it('PGD: mean loss to 1e-3, losses to a few percent, the same successes', async () => {
    const [model, images, labels] = [convNet(weights), tensorOf(x), tensorOf(y, 'int32')];
    const attack = pgd({ steps, start: 'zero' });
    const adv = await attack.maximize(model, images, labels, { norm, epsilon });
    const losses = Array.from(await crossEntropy(model.logits(adv), labels).data());
    expect(Math.abs(mean(losses) / mean(wanted.loss) - 1)).toBeLessThan(1e-3);
    losses.forEach((loss, i) => expect(Math.abs(loss - wanted.loss[i]!)).toBeLessThan(0.03 * wanted.loss[i]! + 1e-3));
    const { success } = await attack.run(model, images, labels, { norm, epsilon });
    const differing = wanted.fooled.filter((fooled, i) => fooled !== Boolean(success[i])).length;
    expect(differing).toBeLessThanOrEqual(1);
  });

  it('FAB-T: distances to a percent, and never clearly longer', async () => {
    const model = convNet(weights);
    const attack = fabT({ steps: 12, targets: 2 });
    const found = await attack.run(model, tensorOf(x), tensorOf(y, 'int32'), { norm, epsilon: Infinity });
    // The library also looks at the points after a step back, up to a tenth closer.
    found.closest.forEach((distance, i) => {
      expect(distance / closest[i]!).toBeLessThan(1.02);
      expect(distance / closest[i]!).toBeGreaterThan(0.9);
    });
  });
});
