import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import expected from '../../test/files/npz.json' with { type: 'json' };
import { filePath } from '../../test/test-files.js';
import { npz } from './npz.js';

beforeAll(() => tf.setBackend('cpu'));

async function contentOf(dataset: Dataset): Promise<{ x: number[]; y: number[] }> {
  for await (const { x, y } of dataset.batches({ size: dataset.length }))
    return { x: [...(await x.data())], y: [...(await y.data())] };
  throw new Error('empty');
}

describe('npz', () => {
  it("reads Keras' four arrays of one file", async () => {
    const { train, validation, test } = await npz({ train: filePath('keras.npz'), validation: 0 });
    expect([train.length, validation.length, test.length]).toEqual([8, 0, 4]);
    expect(train.inputShape).toEqual([5, 4, 1]);
    expect(train.numClasses).toBe(3);
    const [first, last] = [await contentOf(train), await contentOf(test)];
    expect([...first.x, ...last.x]).toEqual(expected.keras.images.map((byte) => Math.fround(byte / 255)));
    expect([...first.y, ...last.y]).toEqual(expected.keras.labels);
  });

  it('brings channels last and a range to [0, 1]', async () => {
    const names = { trainInputs: 'images', trainLabels: 'labels', testInputs: 'images', testLabels: 'labels' };
    const file = { train: filePath('torch.npz'), ...names, layout: 'nchw', validation: 0 } as const;
    const { train } = await npz({ ...file, range: [-1, 1] });
    expect(train.inputShape).toEqual([2, 4, 3]);
    const { x } = await contentOf(train);
    x.forEach((value, i) => expect(value).toBeCloseTo(expected.torch.nhwc[i]!, 6));
    await expect(npz(file)).rejects.toMatchObject({ code: 'ADVROB_BOUNDS' });
  });

  it('says how to name arrays that are called otherwise', async () => {
    await expect(npz({ test: filePath('torch.npz') })).rejects.toMatchObject({
      code: 'ADVROB_DATA_MISSING',
      message: expect.stringMatching(
        /expected an array 'x_test', found .*images.*--set npz\.testInputs=<name>/,
      ) as string,
    });
  });

  it('takes the test part alone, labels as floats, and asks for the range of integers that do not show it', async () => {
    const features = (testInputs: string, more: object = {}) =>
      npz({ test: filePath('features.npz'), testInputs, ...more });
    for (const type of ['bool', 'float32', 'over']) {
      const { train, validation, test } = await features(type);
      expect([train.length, validation.length, test.length, test.numClasses]).toEqual([0, 0, 8, 2]);
      const { x, y } = await contentOf(test);
      expect(x.slice(0, 8)).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
      expect(y).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    }
    for (const type of ['uint8', 'int64']) {
      await expect(features(type)).rejects.toMatchObject({
        code: 'ADVROB_BOUNDS',
        message: expect.stringMatching(/int\d+ from 0 to 1, .*option range, .*\[0, 1\]/) as string,
      });
      expect((await contentOf((await features(type, { range: [0, 1] })).test)).x.slice(0, 4)).toEqual([0, 1, 1, 0]);
    }
    await expect(features('bool', { testLabels: 'broken' })).rejects.toThrow(/float64 0.5 in example 0/);
    await expect(features('bool', { testLabels: 'one_hot' })).rejects.toThrow(/argmax/);
    expect(() => npz({})).toThrow(/ADVROB_OPTION/);
    await expect(npz({ test: filePath('bool.npy') })).rejects.toThrow(/np\.savez/);
  });

  it('names the arrays that are there', async () => {
    await expect(npz({ train: filePath('torch.npz') })).rejects.toMatchObject({
      code: 'ADVROB_DATA_MISSING',
      message: expect.stringContaining('images, labels') as string,
    });
  });

  it('refuses labels that are no class indices and files above the limit', async () => {
    const swapped = { trainInputs: 'labels', trainLabels: 'images' };
    await expect(npz({ train: filePath('torch.npz'), ...swapped })).rejects.toMatchObject({
      code: 'ADVROB_DATA_FORMAT',
    });
    await expect(npz({ train: filePath('keras.npz'), maxBytes: 1400 })).resolves.toBeDefined();
    await expect(npz({ train: filePath('keras.npz'), maxBytes: 250 })).rejects.toMatchObject({
      code: 'ADVROB_DATA_TOO_LARGE',
    });
  });
});
