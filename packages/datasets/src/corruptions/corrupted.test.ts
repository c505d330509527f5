import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { arrayDataset } from '../from/array-dataset.js';
import { imageDataset } from '../from/image-dataset.js';
import { corruptionNames, type CorruptionName } from './catalogue.js';
import { corrupted, corruptedData } from './corrupted.js';

beforeAll(() => tf.setBackend('cpu'));

/** Colour ramps; every image is another one. */
const images = (count: number, channels: 1 | 3, side = 12) =>
  imageDataset({
    name: 'ramps',
    images: Uint8Array.from({ length: count * side * side * channels }, (_, i) => (i * 7 + (i >> 5) * 13) % 256),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
    shape: [side, side, channels],
    numClasses: 2,
  });

/** Values by id. */
async function byId(data: Dataset, size: number, seed?: number): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  for await (const { x, y, ids } of data.batches({ size, seed })) {
    const values = [...(await x.data())];
    ids.forEach((id, row) =>
      found.set(id, values.slice((row * values.length) / ids.length, ((row + 1) * values.length) / ids.length)),
    );
    tf.dispose([x, y]);
  }
  return found;
}

describe.each(corruptionNames)('%s', (corruption) => {
  it.each([1, 3] as const)(
    'gives the same image whatever the batch and the order, with %d channels',
    async (channels) => {
      const data = images(6, channels);
      const make = (severity: number, seed = 0) => corrupted(data, { corruption, severity, seed });
      const [all, single, shuffled] = [await byId(make(5), 6), await byId(make(5), 1), await byId(make(5), 4, 9)];
      const part = await byId(make(5).subset(Int32Array.of(4, 2)), 2);
      for (const [id, values] of all) {
        expect(single.get(id)).toEqual(values);
        expect(shuffled.get(id)).toEqual(values);
        for (const value of values) expect(Math.abs(value * 255 - Math.round(value * 255))).toBeLessThan(1e-4);
        expect(Math.min(...values) >= 0 && Math.max(...values) <= 1).toBe(true);
      }
      expect(part.get(4)).toEqual(all.get(4));
      expect(all).not.toEqual(await byId(data, 6));
    },
  );
});

/** The corruptions that the original draws random numbers for, by hand: a definition may forget to. */
const drawing: readonly CorruptionName[] = [
  'gaussian-noise',
  'shot-noise',
  'impulse-noise',
  'glass-blur',
  'motion-blur',
  'snow',
  'frost',
  'fog',
  'elastic-transform',
];

it('draws by seed and example where it draws at all', async () => {
  const side = 12;
  const grey = imageDataset({
    name: 'equal',
    images: Uint8Array.from({ length: 2 * side * side }, (_, i) => 40 + ((i % (side * side)) % 17) * 9),
    labels: new Uint8Array(2),
    shape: [side, side, 1],
    numClasses: 1,
  });
  for (const corruption of corruptionNames) {
    const [first, second] = [0, 1].map((seed) => corrupted(grey, { corruption, severity: 5, seed }));
    const values = await byId(first!, 2);
    const others = await byId(second!, 2);
    const draws = drawing.includes(corruption);
    expect([corruption, JSON.stringify(values.get(0)) !== JSON.stringify(values.get(1))]).toEqual([corruption, draws]);
    expect([corruption, JSON.stringify(values.get(0)) !== JSON.stringify(others.get(0))]).toEqual([corruption, draws]);
    expect(first!.hash).not.toBe(second!.hash);
  }
});

it('noise has the size that its level says', async () => {
  const grey = imageDataset({
    name: 'grey',
    images: new Uint8Array(20 * 32 * 32).fill(128),
    labels: new Uint8Array(20),
    shape: [32, 32, 1],
    numClasses: 1,
  });
  const values = async (corruption: CorruptionName, severity: number) =>
    [...(await byId(corrupted(grey, { corruption, severity }), 20)).values()].flat();
  const deviation = (all: number[]) => {
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  };
  // Six standard errors of a deviation over 20480 values are 3 %.
  expect(Math.abs(deviation(await values('gaussian-noise', 1)) / 0.04 - 1)).toBeLessThan(0.03);
  // A Poisson count of mean m has the variance m, of m / c it is m / c^2.
  expect(Math.abs(deviation(await values('shot-noise', 5)) / Math.sqrt(128 / 255 / 50) - 1)).toBeLessThan(0.03);
  const hit = (await values('impulse-noise', 5)).filter((value) => value === 0 || value === 1);
  // Six standard errors of a share of 0.07 over 20480 values are 0.011.
  expect(Math.abs(hit.length / 20480 - 0.07)).toBeLessThan(0.011);
  expect(Math.abs(hit.filter((value) => value === 1).length / hit.length - 0.5)).toBeLessThan(0.08);
});

it('is made of a whole data set by name, the test part alone unless told', async () => {
  const splits = { train: images(4, 3), validation: images(2, 3), test: images(3, 3) };
  const { train, test } = await corruptedData({ dataset: splits, corruption: 'contrast', severity: 1 });
  expect(train).toBe(splits.train);
  expect(await byId(test, 3)).toEqual(await byId(corrupted(splits.test, { corruption: 'contrast', severity: 1 }), 2));
  const all = await corruptedData({ dataset: Promise.resolve(splits), corruption: 'contrast', parts: 'all' });
  expect(all.train.hash).not.toBe(splits.train.hash);
});

it('carries extras, class names and the end of a loop left early', async () => {
  const extra = tf.tensor1d([5, 6, 7]);
  const data = corrupted(images(3, 1).withExtras({ extra }), { corruption: 'fog' });
  const before = tf.memory().numTensors;
  for await (const { x, y, extras } of data.batches({ size: 2 })) {
    expect([...(await extras.extra.data())]).toEqual([5, 6]);
    tf.dispose([x, y, extras]);
    break;
  }
  expect(tf.memory().numTensors).toBe(before);
  extra.dispose();
});

it('refuses what it cannot corrupt', () => {
  const points = arrayDataset({
    name: 'points',
    inputs: new Float32Array(4),
    labels: [0, 0],
    inputShape: [2],
    numClasses: 1,
  });
  const signed = arrayDataset({
    name: 'signed',
    inputs: new Float32Array(9),
    labels: [0],
    inputShape: [3, 3, 1],
    numClasses: 1,
    bounds: [-1, 1],
  });
  expect(() => corrupted(points, { corruption: 'fog' })).toThrow(/ADVROB_SHAPE/);
  expect(() => corrupted(signed, { corruption: 'fog' })).toThrow(/ADVROB_BOUNDS/);
  for (const severity of [0, 6, 1.5, NaN])
    expect(() => corrupted(images(1, 1), { corruption: 'fog', severity })).toThrow(/severity/);
  // @ts-expect-error no such corruption
  expect(() => corrupted(images(1, 1), { corruption: 'rain' })).toThrow(/motion-blur/);
});
