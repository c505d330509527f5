import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import './gradients.js';
import * as rows from './rows.js';
import type { Norm } from './contract/index.js';

const values = async (tensor: tf.Tensor): Promise<number[]> => Array.from(await tensor.data());

/** Runs `body` and asserts that it leaves nothing behind but its result. */
async function lone(body: () => tf.Tensor): Promise<number[]> {
  const before = tf.memory().numTensors;
  const result = body();
  expect(tf.memory().numTensors - before).toBe(1);
  const found = await values(result);
  result.dispose();
  return found;
}

describe('signOf', () => {
  it.each(['cpu', 'wasm'])('keeps the sign of the smallest numbers on %s', async (backend) => {
    await tf.setBackend(backend);
    await tf.ready();
    const x = [1e-7, -1e-8, 1e-30, -1e-30, 0, -0, NaN, Infinity, -3];
    expect(await values(rows.signOf(tf.tensor1d(x)))).toEqual([1, -1, 1, -1, 0, 0, 0, 1, -1]);
    await tf.setBackend('cpu');
  });
});

describe('shapes of rows', () => {
  it('flatRows and rowSize count all axes but the first', () => {
    const x = tf.zeros([2, 3, 4, 5]);
    expect(rows.rowSize(x)).toBe(60);
    expect(rows.flatRows(x).shape).toEqual([2, 60]);
    expect(rows.flatRows(tf.zeros([3])).shape).toEqual([3, 1]);
  });

  it.each([[[2]], [[2, 3]], [[2, 3, 2]], [[2, 3, 2, 2]]])(
    'column broadcasts over %j, from [n] and from [n, 1]',
    (shape) => {
      const like = tf.ones(shape);
      for (const vector of [tf.tensor1d([2, 3]), tf.tensor2d([[2], [3]])]) {
        const product = tf.mul(rows.column(vector, like), like);
        expect(product.shape).toEqual(shape);
        const perRow = like.size / 2;
        expect(Array.from(product.dataSync())).toEqual([
          ...Array<number>(perRow).fill(2),
          ...Array<number>(perRow).fill(3),
        ]);
      }
    },
  );

  it.each(['float32', 'int32', 'bool'] as const)('select takes whole rows of %s', async (dtype) => {
    const yes = tf.ones([3, 2], dtype);
    const no = tf.zeros([3, 2], dtype);
    const mask = tf.tensor1d([true, false, true], 'bool');
    expect(await lone(() => rows.select(mask, yes, no))).toEqual([1, 1, 0, 0, 1, 1]);
  });

  it.each(['float32', 'int32', 'bool'] as const)('gather keeps order and type of %s', async (dtype) => {
    const x = tf.tensor2d(
      [
        [0, 1],
        [1, 1],
        [1, 0],
      ],
      undefined,
      dtype,
    );
    const at = tf.tensor1d([2, 0, 2], 'int32');
    expect(await lone(() => rows.gather(x, at))).toEqual([1, 0, 0, 1, 1, 0]);
    expect(rows.gather(x, at).dtype).toBe(dtype);
  });

  it.each([[[0, 2]], [[2]], [[2, 2]], [[2, 1, 2, 1]]])(
    'repeatRows puts the copies of a row of %j side by side',
    async (shape) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const x = tf.reshape(tf.range(0, size), shape);
      const repeated = rows.repeatRows(x, 3);
      expect(repeated.shape).toEqual([shape[0]! * 3, ...shape.slice(1)]);
      const flat = Array.from({ length: size }, (_, i) => i);
      const perRow = shape[0] === 0 ? 0 : size / shape[0]!;
      const expected = Array.from({ length: shape[0]! }, (_, row) => flat.slice(row * perRow, (row + 1) * perRow));
      expect(await values(repeated)).toEqual(expected.flatMap((row) => [...row, ...row, ...row]));
      if (size > 0) await lone(() => rows.repeatRows(x, 3));
    },
  );
});

describe('classes', () => {
  it('oneHot marks the place of each row, also where there is only one', async () => {
    const places = tf.tensor1d([2, 0], 'int32');
    expect(await lone(() => rows.oneHot(places, 3))).toEqual([0, 0, 1, 1, 0, 0]);
    const whole = tf.tensor1d([2, 0], 'float32');
    expect(await lone(() => rows.oneHot(whole, 3))).toEqual([0, 0, 1, 1, 0, 0]);
    const only = tf.zeros([2], 'int32');
    expect(await lone(() => rows.oneHot(only, 1))).toEqual([1, 1]);
    expect(rows.oneHot(only, 1).dtype).toBe('float32');
  });

  it('logitOf picks, and its gradient is the one-hot row', async () => {
    const z = tf.tensor2d([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const y = tf.tensor1d([2, 0], 'int32');
    expect(await lone(() => rows.logitOf(z, y))).toEqual([3, 4]);
    const gradient = tf.grad((input: tf.Tensor) => tf.sum(rows.logitOf(input, y)))(z);
    expect(await values(gradient)).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('isFooled asks for the target where there is one, else for any class but the label', async () => {
    const y = tf.tensor1d([0, 1, 2], 'int32');
    const target = tf.tensor1d([1, 1, 1], 'int32');
    const labels = tf.tensor1d([1, 1, 0], 'int32');
    const logits = tf.tensor2d([
      [0, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    for (const outputs of [labels, logits]) {
      expect(await lone(() => rows.isFooled({ y }, outputs))).toEqual([1, 0, 1]);
      expect(await lone(() => rows.isFooled({ y, target }, outputs))).toEqual([1, 1, 0]);
      expect(await lone(() => rows.isFooled({ y, target: undefined }, outputs))).toEqual([1, 0, 1]);
    }
  });
});

describe('lengths', () => {
  const byHand: Record<Norm, (row: readonly number[]) => number> = {
    linf: (row) => Math.max(...row.map(Math.abs)),
    l2: (row) => Math.hypot(...row),
    l1: (row) => row.reduce((sum, value) => sum + Math.abs(value), 0),
    l0: (row) => row.filter((value) => value !== 0).length,
  };
  const number = fc.oneof(fc.constant(0), fc.float({ min: Math.fround(-9), max: Math.fround(9), noNaN: true }));
  const batch = fc.array(fc.array(number, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 3 });

  it.each(['linf', 'l2', 'l1', 'l0'] as const)('%s is the length by hand', async (norm) => {
    await fc.assert(
      fc.asyncProperty(batch, async (given) => {
        const x = tf.tensor(given.flat(), [given.length, 2, 2, 1]);
        const found = await lone(() => rows.lengths(norm, x));
        x.dispose();
        given.forEach((row, i) => {
          const expected = byHand[norm](row.map(Math.fround));
          expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(1e-6 * expected + 1e-20);
        });
      }),
    );
  });

  it.each([
    ['linf', 'l1'],
    ['l2', 'l2'],
    ['l1', 'linf'],
    ['l0', 'linf'],
  ] as const)('gradients of %s are measured in %s', async (norm, dual) => {
    const g = tf.tensor2d([
      [3, -4, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
    expect(await lone(() => rows.dualLengths(norm, g))).toEqual(await values(rows.lengths(dual, g)));
  });

  it.each(['linf', 'l2', 'l1'] as const)('gradients whose squares underflow have a length in %s', async (norm) => {
    const g = tf.mul(tf.tensor2d([[3, -4, 0]]), 1e-30);
    const [length] = await lone(() => rows.dualLengths(norm, g));
    expect(length! / 1e-30).toBeCloseTo({ linf: 7, l2: 5, l1: 4 }[norm], 5);
  });

  it('distanceAlong is the quotient, however small the slope, and Infinity without one', async () => {
    const [slope, value] = [tf.tensor1d([2, 1e-30, 0]), tf.tensor1d([3, 2e-30, 1])];
    const found = await lone(() => rows.distanceAlong(slope, value));
    expect(found).toEqual([1.5, expect.closeTo(2, 5), Infinity]);
  });

  it.each(['l1', 'l2'] as const)('unit has length 1 in %s for any size, and leaves zero rows', async (norm) => {
    for (const scale of [1, 1e-30, 1e30]) {
      const v = tf.mul(
        tf.tensor2d([
          [3, -4, 0],
          [1, 1, 1],
          [0, 0, 0],
        ]),
        scale,
      );
      const found = await lone(() => rows.unit(norm, v));
      for (const row of [0, 1]) expect(byHand[norm](found.slice(3 * row, 3 * row + 3))).toBeCloseTo(1, 6);
      expect(found.slice(6)).toEqual([0, 0, 0]);
      expect(found[0]! / found[1]!).toBeCloseTo(-0.75, 6);
    }
  });

  it('overLargest keeps ratios, also of values whose squares underflow, and leaves zero rows', async () => {
    const v = tf.mul(
      tf.tensor3d([
        [[3], [-4]],
        [[0], [0]],
        [[1], [0]],
      ]),
      1e-25,
    );
    const found = await lone(() => rows.overLargest(v));
    expect(found.map((value) => Math.round(1e6 * value) / 1e6)).toEqual([0.75, -1, 0, 0, 1, 0]);
  });
});
