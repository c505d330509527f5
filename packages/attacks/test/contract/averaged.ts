import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { AnyFactory, Attack, Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';

const slopes = [0.5, -2, 1, 0.25];
const flat = linearClassifier({ weights: slopes.map((slope) => [-slope, slope, 0]), bias: [0.2, -0.2, -9] });
const x = tf.tensor2d([
  [0.5, 0.4, 0.5, 0.6],
  [0.6, 0.5, 0.4, 0.5],
]);
const y = tf.tensor1d([0, 0], 'int32');

/**
 * The model with a slope of its third input that is far off in every pass, by turns up and down.
 */
function unsteady(noise: number): { readonly model: Classifier; passes(): number } {
  let backward = 0;
  const logits = (input: tf.Tensor): tf.Tensor =>
    tf.tidy(() => {
      if (tf.engine().state.gradientDepth === 0) return flat.logits(input);
      const sign = backward++ % 2 === 0 ? noise : -noise;
      const third = tf.slice(input as tf.Tensor2D, [0, 2], [-1, 1]);
      // No change of the value, only of the slope.
      const shift = tf.customGrad((...args: unknown[]) => ({
        value: tf.zerosLike(args[0] as tf.Tensor),
        gradFunc: (upstream: tf.Tensor) => tf.mul(upstream, sign),
      }))(third);
      return tf.add(flat.logits(input), tf.concat([tf.neg(shift), shift, tf.zerosLike(shift)], 1));
    });
  return { model: { ...flat, logits }, passes: () => backward };
}

/** What an attack that knows gradients does with its option `eot`. */
export function testAveraging(
  { definition }: AnyFactory,
  create: ((passes: number) => Attack) | null | undefined,
): void {
  if ((definition as Attack['definition']).knowledge !== 'gradients' || create === null) return;
  if (create === undefined) {
    it('averages the gradients of as many passes', ({ task }) => {
      throw new Error(
        `attack '${definition.name}' knows gradients, but nothing tests that it averages them: ` +
          `give contractOf \`eot\` in ${task.file.name}`,
      );
    });
    return;
  }
  const { norms } = create(1).definition;
  const norm = norms.includes('linf') ? 'linf' : norms[0]!;
  const threat = { norm, epsilon: norm === 'l0' ? 2 : 0.1 };
  const pointsOn = async (model: Classifier, eot: number): Promise<number[]> => {
    const adv = await create(eot).maximize(model, x, y, threat);
    return Array.from(await adv.data());
  };

  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('averages the gradients of as many passes', async () => {
    const [once, twice] = [unsteady(0), unsteady(0)];
    await pointsOn(once.model, 1);
    await pointsOn(twice.model, 2);
    expect(once.passes()).toBeGreaterThan(0);
    expect(twice.passes()).toBe(2 * once.passes());
  });

  it('finds on a random model what it finds on its mean', async () => {
    const wanted = await pointsOn(flat, 1);
    const found = await pointsOn(unsteady(64).model, 2);
    wanted.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-4));
    // One pass at a time it goes astray, whichever pass comes first.
    const alone = [await pointsOn(unsteady(64).model, 1), await pointsOn(unsteady(-64).model, 1)];
    expect(alone).not.toEqual([wanted, wanted]);
  });
}
