import '@tensorflow/tfjs-backend-cpu';
import { boundsSlack } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { refused } from '../../test/example-files.js';
import { arrayDataset } from './array-dataset.js';
import { rangedDataset, seenRange } from './ranged-dataset.js';

beforeAll(() => tf.setBackend('cpu'));

const arrays = (type: string, inputs: ArrayLike<number>, inputShape = [2, 2, 1]) => ({
  name: 'file',
  type,
  inputs,
  inputShape,
  labels: [0],
  numClasses: 1,
});

it.each([
  ['float32', [0.2, 0, 1, 0.5], [2, 2, 1], [0, 1]],
  ['bool', [0, 1, 1, 0], [4], [0, 1]],
  ['uint8', [0, 200, 3, 4], [2, 2, 1], [0, 255]],
  ['uint8', [0, 200, 3, 4], [4], [0, 255]],
  ['int64', [0, 255, 3, 4], [2, 2, 1], [0, 255]],
] as const)('sees the range of %s %j in %j', (type, inputs, shape, range) => {
  expect(seenRange(arrays(type, inputs, [...shape]))).toEqual(range);
});

it.each([
  ['uint8', [0, 1, 1, 0], [2, 2, 1], '\\[0, 255\\] if they are bytes, or \\[0, 1\\]'],
  ['uint8', [0, 16, 3, 4], [2, 2, 1], '\\[0, 16\\]'],
  ['int64', [0, 200, 3, 4], [4], '\\[0, 200\\]'],
  ['int16', [-128, 127, 3, 4], [2, 2, 1], '\\[-128, 127\\]'],
  ['uint16', [0, 65535, 3, 4], [2, 2, 1], '\\[0, 65535\\]'],
  ['uint8', [0, 0, 0, 0], [2, 2, 1], '\\[0, 255\\] if they are bytes'],
] as const)('asks for the range of %s %j in %j', (type, inputs, shape, advice) => {
  expect(() => seenRange(arrays(type, inputs, [...shape]))).toThrow(refused('ADVROB_BOUNDS', advice));
});

it('lets rounding pass at the bounds, by the rule of attacks, and nothing more', async () => {
  const over = 1 + 0.9 * boundsSlack([0, 1]);
  const values = async (data: ReturnType<typeof arrayDataset>) => {
    for await (const { x } of data.batches({ size: 1 })) return [...(await x.data())];
    return [];
  };
  const inputs = Float32Array.of(over, -1e-8, 0.5, 0);
  expect(inputs[0]).toBeGreaterThan(1);
  expect(await values(rangedDataset({ ...arrays('float32', inputs), range: [0, 1] }))).toEqual([1, 0, 0.5, 0]);
  expect(await values(arrayDataset({ ...arrays('float32', []), inputs }))).toEqual([1, 0, 0.5, 0]);
  expect(inputs[0]).toBeGreaterThan(1);
  const beyond = Float32Array.of(1 + 3e-6, 0, 0, 0);
  expect(() => arrayDataset({ ...arrays('float32', []), inputs: beyond })).toThrow(refused('ADVROB_BOUNDS'));
  expect(() => rangedDataset({ ...arrays('float32', beyond), range: [0, 1] })).toThrow(refused('ADVROB_BOUNDS'));
});

it('says of NaN and infinity that they are no question of range', () => {
  for (const bad of [NaN, Infinity]) {
    const inputs = Float32Array.of(0, bad, 0, 0);
    const says = refused('ADVROB_NOT_FINITE', `${bad} in example 0`);
    expect(() => rangedDataset({ ...arrays('float32', inputs), range: [0, 1] })).toThrow(says);
    expect(() => arrayDataset({ ...arrays('float32', []), inputs })).toThrow(says);
  }
});
