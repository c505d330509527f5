import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { context, firstBatch } from '../../test/support/prepare.js';
import { signAttack } from '../../test/support/sign-attack.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { inputs, labels, losses, testLoss } from '../../test/support/torch.js';
import { smoothadv, smoothed } from './smoothadv.js';

testLoss('smoothadv', smoothadv, () => ({
  x: inputs(losses.values.moved),
  noise: inputs(losses.values.noise),
  y: labels(),
}));
testObjective(smoothadv, {
  options: { samples: 2 },
  variants: { 'smoothadv on the first noise': { samples: 2, trainOn: 'first' } },
  refuses: [{ sigma: 0 }],
});
expectNoLeaks();

describe('smoothadv', () => {
  it('attacks the mean of the probabilities over the noise', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const noise = tf.tidy(() => tf.mul(createRandom({ seed: 1 }).normal('noise', [12, 4]), 0.3));
    const logits = tf.tidy(() => smoothed(model, noise, 3).logits(batch.x));
    const expected = tf.tidy(() => {
      const means = [0, 1, 2, 3].map((row) => {
        const copies = tf.add(tf.slice(batch.x, row, 1), tf.slice(noise, 3 * row, 3));
        return tf.mean(tf.softmax(model.logits(copies)), 0);
      });
      return tf.log(tf.stack(means));
    });
    const [found, wanted] = [await logits.data(), await expected.data()];
    wanted.forEach((value, i) => expect(found[i]!).toBeCloseTo(value, 5));
    tf.dispose([noise, logits, expected, batch.x, batch.y]);
    model.dispose!();
  });

  it('gives every lane of an example the noise of that example', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const noise = tf.tidy(() => tf.mul(createRandom({ seed: 1 }).normal('noise', [8, 4]), 0.3));
    const twice = tf.tidy(() => tf.gather(batch.x, tf.tensor1d([0, 0, 1, 1, 2, 2, 3, 3], 'int32')));
    const [single, double] = tf.tidy(() => [
      smoothed(model, noise, 2).logits(batch.x),
      smoothed(model, noise, 2).logits(twice),
    ]);
    const [a, b] = [await single!.data(), await double!.data()];
    a.forEach((value, i) => {
      const [row, k] = [Math.floor(i / 3), i % 3];
      expect([b[6 * row + k], b[6 * row + 3 + k]]).toEqual([value, value]);
    });
    const three = tf.tidy(() => tf.slice(batch.x, 0, 3));
    expect(() => smoothed(model, noise, 2).logits(three)).toThrowError(
      expect.objectContaining({ code: 'ADVROB_SHAPE' }),
    );
    tf.dispose([noise, twice, three, single!, double!, batch.x, batch.y]);
    model.dispose!();
  });

  it('goes on from the last iterate: more steps, a larger loss on the same noise', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const noise = tf.tidy(() => tf.mul(createRandom({ seed: 1 }).normal('noise', [16, 4]), 0.2));
    const attacked = smoothed(model, noise, 4);
    const lossAfter = async (steps: number) => {
      const threat = { norm: 'l2', epsilon: 0.4 } as const;
      const found = await signAttack({ steps }).maximize(attacked, batch.x, batch.y, threat, { ids: batch.ids });
      const loss = tf.tidy(() => {
        const scores = tf.sum(tf.mul(attacked.logits(found), tf.oneHot(batch.y as tf.Tensor1D, 3)), 1);
        return tf.neg(tf.mean(scores));
      });
      const [value] = await loss.data();
      tf.dispose([found, loss]);
      return value!;
    };
    const [none, one, four] = [await lossAfter(0), await lossAfter(1), await lossAfter(4)];
    expect(one).toBeGreaterThan(none);
    expect(four).toBeGreaterThan(one);
    tf.dispose([noise, batch.x, batch.y]);
    model.dispose!();
  });

  it('trains on the noise that the attack saw', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const own: tf.Tensor[] = [];
    const values = await smoothadv({ sigma: 0.3, samples: 2 }).prepare(batch, context(model, own));
    expect(values.noise.shape).toEqual([8, 4]);
    expect(values.x).toBe(own[0]);
    const deviation = tf.tidy(() => tf.sqrt(tf.mean(tf.square(values.noise))));
    expect((await deviation.data())[0]!).toBeGreaterThan(0.15);
    tf.dispose([deviation, values.noise, ...own, batch.x, batch.y]);
    model.dispose!();
  });
});
