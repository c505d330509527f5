import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, it } from 'vitest';
import { arrayDataset, deadInputs, deadPixels, mnist, principalComponentData, type NumberArrays } from '../index.js';

beforeAll(() => tf.setBackend('cpu'));

const part = (inputs: number[]): NumberArrays => ({
  name: 'small',
  inputs: Float32Array.from(inputs),
  labels: new Int32Array(inputs.length / 3),
  inputShape: [3],
  numClasses: 1,
});
const splits = (train: number[], test: number[]) => {
  const [first, last] = [arrayDataset(part(train)), arrayDataset(part(test))];
  return { train: first, validation: first.take(1), test: last };
};

async function valuesOf(data: Awaited<ReturnType<typeof mnist>>['test']): Promise<number[]> {
  const values: number[] = [];
  for await (const { x, y } of data.batches({ size: 10 })) {
    values.push(...(await x.data()));
    tf.dispose([x, y]);
  }
  return values;
}

it('dead pixels are those of the training part, and 0 in all parts', async () => {
  const { train, validation, test } = await deadPixels({ dataset: splits([1, 0, 0.5, 0.5, 0, 1], [1, 1, 1]) });
  expect(await valuesOf(train)).toEqual([1, 0, 0.5, 0.5, 0, 1]);
  expect(await valuesOf(validation)).toEqual([1, 0, 0.5]);
  expect(await valuesOf(test)).toEqual([1, 0, 1]);
  expect(test.bounds).toEqual([0, 1]);
});

it('principal components are those of the training part, and bounds are the same in all parts', async () => {
  // All training examples lie on (1, 1, 0); the test example is (1, 0, 1), whose nearest point there is (1/2, 1/2, 0).
  const { train, test } = await principalComponentData({
    dataset: Promise.resolve(splits([1, 1, 0, 0.5, 0.5, 0], [1, 0, 1])),
    components: 1,
  });
  const found = await valuesOf(test);
  [0.5, 0.5, 0].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  expect(train.bounds).toEqual(test.bounds);
});

it('MNIST has 67 dead pixels in its training files', async () => {
  const { train } = await mnist({ validation: 0 });
  const subspace = await deadInputs(train);
  expect(subspace.size - subspace.dimension).toBe(67);
});

it('asks for a data set with its options', () => {
  // @ts-expect-error the data set is needed
  expect(() => deadPixels({})).toThrow(/such as mnist\(\)/);
});
