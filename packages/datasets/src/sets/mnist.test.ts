import { AdvrobError, type Dataset } from '@advrob/core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { mnistFiles, refused, temporaryFolders } from '../../test/example-files.js';
import fixture from './fixtures/mnist-sums.json' with { type: 'json' };
import { mnist } from './mnist.js';

async function labelsOf(dataset: Dataset): Promise<Int32Array> {
  const labels = new Int32Array(dataset.length);
  let at = 0;
  for await (const { x, y } of dataset.batches({ size: 5000 })) {
    labels.set(await y.data<'int32'>(), at);
    at += y.shape[0]!;
    x.dispose();
    y.dispose();
  }
  return labels;
}

function histogram(labels: Int32Array): number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const label of labels) counts[label]!++;
  return counts;
}

describe('mnist', async () => {
  const { train, validation, test } = await mnist();

  it('has 60,000 and 10,000 examples, split disjointly', async () => {
    expect([train.length, validation.length, test.length]).toEqual([55000, 5000, 10000]);
    expect(train.inputShape).toEqual([28, 28, 1]);
    const seen = new Set<number>();
    for (const part of [train, validation])
      for await (const { x, y, ids } of part.batches({ size: 5000 })) {
        ids.forEach((id) => seen.add(id));
        x.dispose();
        y.dispose();
      }
    expect(seen.size).toBe(60000);
    expect(Math.max(...seen)).toBe(59999);
  });

  it('has the label counts that numpy finds', async () => {
    const [inTrain, inValidation] = [histogram(await labelsOf(train)), histogram(await labelsOf(validation))];
    expect(inTrain.map((count, label) => count + inValidation[label]!)).toEqual(fixture.trainHistogram);
    const labels = await labelsOf(test);
    expect(histogram(labels)).toEqual(fixture.testHistogram);
    expect(labels[0]).toBe(7);
  });

  it('has the pixels that numpy finds', async () => {
    for await (const { x, y } of test.take(10).batches({ size: 10 })) {
      const values = await x.data<'float32'>();
      fixture.testImageSums.forEach((sum, image) => {
        const bytes = Array.from(values.subarray(784 * image, 784 * (image + 1)), (value) => Math.round(value * 255));
        expect(bytes.reduce((a, b) => a + b)).toBe(sum);
      });
      const [row, column] = fixture.greyPixel.at as [number, number];
      expect(values[28 * row + column]).toBe(Math.fround(fixture.greyPixel.byte / 255));
      x.dispose();
      y.dispose();
    }
  });

  it('holds out other examples for another seed and refuses to hold out everything', async () => {
    const other = await mnist({ seed: 1, validation: 100 });
    expect(other.validation.length).toBe(100);
    expect(other.validation.hash).not.toBe((await mnist({ seed: 2, validation: 100 })).validation.hash);
    expect(other.test.hash).toBe(test.hash);
    expect((await mnist()).train.hash).toBe(train.hash);
    await expect(mnist({ validation: 60000 })).rejects.toThrow(/ADVROB_OPTION/);
    // @ts-expect-error an unknown option is an error in types, too
    expect(() => mnist({ validatoin: 3 })).toThrow(/did you mean validation/);
    await expect(mnist({ directory: '/nowhere' })).rejects.toThrow(AdvrobError);
  });
});

describe('mnist from a folder', () => {
  const folder = temporaryFolders();

  it('refuses other files under the same names', async () => {
    await expect(mnist({ directory: await folder(mnistFiles()) })).rejects.toThrow(
      refused('ADVROB_DATA_CHECKSUM', 'train-images-idx3-ubyte.gz', 'ba891046'),
    );
  });
});
