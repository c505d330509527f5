import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Pair = [number, number];
type Rounding = 'floor' | 'ceil' | 'round';

interface Windows {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations?: Pair;
  readonly pad: number | 'same' | 'valid' | [Pair, Pair];
  readonly rounding?: Rounding;
}

const [height, width, channels] = [6, 5, 2];
const value = (i: number): number => Math.sin(3.7 * i) - 0.4;
const image = Array.from({ length: height * width * channels }, (_, i) => value(i));

/** Outputs and padding in front along one axis, as the documentation of tfjs has them. */
function layout(axis: 0 | 1, { kernel, strides, dilations, pad, rounding = 'floor' }: Windows): Pair {
  const extent = [height, width][axis]!;
  const [stride, span] = [strides[axis], (kernel[axis] - 1) * (dilations?.[axis] ?? 1) + 1];
  if (pad === 'same') {
    const outputs = Math.ceil(extent / stride);
    return [outputs, Math.floor(Math.max(0, (outputs - 1) * stride + span - extent) / 2)];
  }
  const [before, after] = pad === 'valid' ? [0, 0] : typeof pad === 'number' ? [pad, pad] : pad[axis];
  return [Math[rounding]((extent + before + after - span) / stride) + 1, before];
}

/** Values of each window in the order of its taps; null outside of the image. */
function windowsOf(windows: Windows): (number | null)[][] {
  const [[rows, top], [columns, left]] = [layout(0, windows), layout(1, windows)];
  const { kernel, strides, dilations = [1, 1] } = windows;
  const all: (number | null)[][] = [];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let c = 0; c < channels; c++) {
        const taps: (number | null)[] = [];
        for (let i = 0; i < kernel[0]; i++)
          for (let j = 0; j < kernel[1]; j++) {
            const [r, s] = [y * strides[0] - top + i * dilations[0], x * strides[1] - left + j * dilations[1]];
            const isInside = r >= 0 && r < height && s >= 0 && s < width;
            taps.push(isInside ? image[(r * width + s) * channels + c]! : null);
          }
        all.push(taps);
      }
  return all;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const inside = (taps: (number | null)[]): number[] => taps.filter((tap) => tap !== null);

function expectValues(found: Tensor, expected: readonly number[]): void {
  const values = found.dataSync();
  expect(values.length).toBe(expected.length);
  expected.forEach((one, i) => expect(values[i]).toBeCloseTo(one, 5));
}

const cases: Readonly<Record<string, Windows>> = {
  valid: { kernel: [2, 3], strides: [1, 2], pad: 'valid' },
  same: { kernel: [3, 2], strides: [2, 1], pad: 'same' },
  'a number, unequal strides': { kernel: [3, 3], strides: [2, 1], pad: 1 },
  'a number, unequal window': { kernel: [3, 2], strides: [1, 1], pad: 1 },
  'sides, rounded down': {
    kernel: [3, 3],
    strides: [2, 2],
    pad: [
      [1, 0],
      [0, 2],
    ],
    rounding: 'floor',
  },
  'rounded up': { kernel: [2, 2], strides: [2, 2], pad: 0, rounding: 'ceil' },
  'a number, rounded up': { kernel: [3, 3], strides: [2, 2], pad: 1, rounding: 'ceil' },
  'rounded to the nearest': { kernel: [3, 2], strides: [2, 2], pad: 0, rounding: 'round' },
};
const dilated: Readonly<Record<string, Windows>> = {
  'dilated, a number': { kernel: [2, 2], strides: [1, 1], dilations: [2, 1], pad: 1 },
  'dilated, same': { kernel: [2, 3], strides: [1, 1], dilations: [2, 2], pad: 'same' },
};

describe.each(['cpu', 'wasm'])('windows on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await tf.ready();
  });
  afterAll(() => tf.setBackend('cpu'));
  const x = (): tf.Tensor4D => tf.tensor4d(image, [1, height, width, channels]);
  const padOf = ({ pad }: Windows): 'same' =>
    (typeof pad === 'object' ? [[0, 0], ...pad, [0, 0]] : pad) as unknown as 'same';

  it.each(Object.entries(cases))('pools: %s', (_name, windows) => {
    const { kernel, strides, rounding } = windows;
    const all = windowsOf(windows).map(inside);
    tf.tidy(() => {
      const most = tf.maxPool(x(), kernel, strides, padOf(windows), rounding);
      expectValues(
        most,
        all.map((taps) => Math.max(...taps)),
      );
      const mean = tf.avgPool(x(), kernel, strides, padOf(windows), rounding);
      expectValues(
        mean,
        all.map((taps) => sum(taps) / taps.length),
      );
    });
  });

  it.each(Object.entries({ ...cases, ...dilated }))('convolutions: %s', (_name, windows) => {
    const { kernel, strides, dilations, rounding } = windows;
    const taps = kernel[0] * kernel[1];
    const weights = Array.from({ length: taps * channels }, (_, i) => value(i + 100));
    const products = windowsOf(windows).map((window, output) =>
      sum(window.map((one, tap) => (one ?? 0) * weights[tap * channels + (output % channels)]!)),
    );
    tf.tidy(() => {
      const filter = tf.tensor4d(weights, [...kernel, channels, 1]);
      const each = tf.depthwiseConv2d(x(), filter, strides, padOf(windows), 'NHWC', dilations ?? 1, rounding);
      expectValues(each, products);
      const all = tf.conv2d(x(), filter, strides, padOf(windows), 'NHWC', dilations ?? 1, rounding);
      expectValues(
        all,
        products.filter((_, i) => i % 2 === 0).map((one, i) => one + products[2 * i + 1]!),
      );
    });
  });

  it('reads channels first', () => {
    const filter = tf.tensor4d(
      Array.from({ length: 8 }, (_, i) => value(i)),
      [2, 2, channels, 1],
    );
    const last = tf.depthwiseConv2d(x(), filter, 1, 'same');
    const first = tf.depthwiseConv2d(tf.transpose(x(), [0, 3, 1, 2]), filter, 1, 'same', 'NCHW');
    expectValues(tf.transpose(first, [0, 2, 3, 1]), [...last.dataSync()]);
  });

  it('gives the slope of equals to the first of them, in images and volumes', () => {
    const ofEquals = (pool: (flat: tf.Tensor) => tf.Tensor, shape: number[]) => tf.grad(pool)(tf.ones(shape));
    const places = (kernel: number, strides: number, pad: 'same' | 'valid') =>
      ofEquals((flat) => tf.maxPool(flat as tf.Tensor4D, kernel, strides, pad), [1, 4, 4, 1]);
    tf.tidy(() => {
      expectValues(places(2, 2, 'valid'), [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
      expectValues(places(3, 2, 'same'), [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
      expectValues(places(2, 1, 'same'), Array<number>(16).fill(1));
      const volume = ofEquals((flat) => tf.maxPool3d(flat as tf.Tensor5D, 2, 2, 'valid'), [1, 2, 2, 2, 1]);
      expectValues(volume, [1, 0, 0, 0, 0, 0, 0, 0]);
    });
  });

  it('finds the largest of volumes below 0', () => {
    const volume = tf.sub(tf.reshape(tf.range(0, 27), [1, 3, 3, 3, 1]), 30) as tf.Tensor5D;
    expectValues(tf.maxPool3d(volume, 2, 2, 'same'), [-17, -16, -14, -13, -8, -7, -5, -4]);
  });
});
