import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { analysisContract } from '@advrob/core/testing';
import { createThreat } from '@advrob/core/threat';
import { arrayDataset } from '@advrob/datasets';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { certifyPatches, patchSmoothing, type PatchSettings } from './patch-smoothing.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const [height, width] = [2, 5];
const settings: PatchSettings = { shape: 'column', size: 1, theta: 0.4, patches: [1, 2], batch: 7 };

/** Three classes by random weights, unlike in every place. */
function randomModel(step: number, inputShape: readonly number[] = [height, width, 1]): Classifier {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  const weights = tf.tidy(() => {
    const rng = createRandom({ seed: 4, step });
    return tf.keep(tf.add(tf.mul(2, rng.normal('weights', [size, 3])), tf.tensor1d([1.5, 0, 0]))) as tf.Tensor2D;
  });
  return {
    inputShape,
    numClasses: 3,
    bounds: [0, 1],
    weights: {},
    logits: (x) => tf.tidy(() => tf.matMul(tf.reshape(x, [-1, size]) as tf.Tensor2D, weights)),
    dispose: () => weights.dispose(),
  };
}

const images = (pixels: readonly (readonly number[])[]): tf.Tensor =>
  tf.tensor4d(pixels.flat() as number[], [pixels.length, height, width, 1]);

describe('certificates against patches', () => {
  it.each([
    ['column', 1, 0.4],
    ['column', 2, null],
    ['block', 1, 0.4],
    ['block', 2, 0.2],
  ] as const)('hold for every patch of two values, by enumeration: %s of %d, theta %s', async (shape, size, theta) => {
    let certificates = 0;
    let changes = 0;
    for (let trial = 0; trial < 25; trial++) {
      const model = randomModel(trial);
      const clean = Array.from({ length: height * width }, (_, i) => ((trial * 7 + i * 3) % 5) / 4);
      const own = { ...settings, shape, size, theta, patches: [1] };
      const patched = clean.flatMap((_, pixel) =>
        [0, 1].map((value) => clean.map((old, i) => (i === pixel ? value : old))),
      );
      const x = images([clean, ...patched]);
      const [first, ...others] = await certifyPatches(model, x, own);
      const moved = others.filter(({ prediction }) => prediction !== first!.prediction).length;
      if (first!.certified[0]) {
        certificates++;
        expect(moved).toBe(0);
      }
      changes += moved;
      x.dispose();
      model.dispose!();
    }
    // Blocks of 2 meet 4 of 10 places: too many for a certificate.
    if (shape === 'column' && size === 1) expect(certificates).toBeGreaterThan(0);
    expect(changes).toBeGreaterThan(0);
  });

  it('need a lead of twice the windows that a patch meets; that lead alone is enough where the class comes first', async () => {
    // Class 0 where the column is bright, else class 1.
    const bright: Classifier = {
      inputShape: [height, width, 1],
      numClasses: 2,
      bounds: [0, 1],
      weights: {},
      logits: (x) =>
        tf.tidy(() => {
          const sum = tf.sum(tf.reshape(x, [x.shape[0]!, -1]), 1, true);
          return tf.concat([tf.mul(20, tf.sub(sum, 1)), tf.zerosLike(sum)], 1);
        }),
    };
    const columns = (count: number): number[] =>
      Array.from({ length: height * width }, (_, i) => (i % width < count ? 1 : 0));
    const x = images([columns(5), columns(4), columns(3), columns(1), columns(0)]);
    const found = await certifyPatches(bright, x, { ...settings, theta: null, patches: [1, 2] });
    // Votes 5:0, 4:1, 3:2, 1:4, 0:5; a pixel meets one column, a patch of 2 two.
    expect(found).toEqual([
      { prediction: 0, certified: [true, true] },
      { prediction: 0, certified: [true, false] },
      { prediction: 0, certified: [false, false] },
      { prediction: 1, certified: [true, false] },
      { prediction: 1, certified: [true, true] },
    ]);
    const wide = await certifyPatches(bright, x, { ...settings, theta: null, size: 2, patches: [1, 2] });
    expect(wide[0]!.certified).toEqual([true, false]);
    // Votes 3:1 and 1:3 of four columns, where a pixel may turn one vote.
    const four = tf.tensor4d([1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0], [2, height, 4, 1]);
    const tied = await certifyPatches(bright, four, { ...settings, theta: null, patches: [1] });
    expect(tied.map(({ prediction, certified }) => [prediction, certified[0]])).toEqual([
      [0, true],
      [1, false],
    ]);
    four.dispose();
    x.dispose();
  });

  it('do not depend on the batch, and take a model of twice the channels', async () => {
    const model = randomModel(3, [height, width, 2]);
    const x = images([0, 1, 2].map((k) => Array.from({ length: height * width }, (_, i) => ((k + 1) * i) / 30)));
    const [one, other] = [
      await certifyPatches(model, x, settings),
      await certifyPatches(model, x, { ...settings, batch: 100 }),
    ];
    expect(one).toEqual(other);
    x.dispose();
    model.dispose!();
  });
});

describe('the analysis', () => {
  const model = randomModel(1);
  const data = arrayDataset({
    name: 'images',
    inputs: Float32Array.from({ length: 40 * height * width }, (_, i) => ((i * 13) % 17) / 16),
    labels: new Array<number>(40).fill(0),
    inputShape: [height, width, 1],
    numClasses: 3,
  });
  const context = {
    models: { model },
    data,
    threat: createThreat({ norm: 'l0', epsilon: 1 }, [0, 1]),
    rng: createRandom({ seed: 0 }),
  };
  for (const { name, run } of analysisContract(patchSmoothing({ size: 1, patches: [1] }), async () => context))
    it(`contract: ${name}`, run);

  it('counts what is right and certified, and refuses what are no images', async () => {
    const found = await patchSmoothing({ size: 1, patches: [1] }).analyze({
      ...context,
      memo: (_, compute) => compute(),
    });
    expect(found.examples).toBe(40);
    expect(found.points[0]!.certified).toBeLessThanOrEqual(found.clean);
    const flat = { ...data, inputShape: [height * width] };
    await expect(
      patchSmoothing().analyze({ ...context, data: flat, memo: (_, compute) => compute() }),
    ).rejects.toMatchObject({ code: 'ADVROB_CERTIFY' });
  });
});
