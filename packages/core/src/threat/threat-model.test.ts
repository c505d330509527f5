import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import type { Norm } from '../contract/index.js';
import { createRowRandom } from '../random/row-random.js';
import { createThreat, norms, resolveThreat } from './threat-model.js';

const unit = [0, 1] as const;
const rng = createRowRandom({ seed: 0, ids: Int32Array.of(0, 1, 2) });

describe('createThreat', () => {
  it('knows four norms', () => expect([...norms].sort()).toEqual(['l0', 'l1', 'l2', 'linf']));

  it.each([
    [{ norm: 'linf2' as Norm, epsilon: 1 }, unit, /did you mean linf\?/],
    [{ norm: 'wasserstein' as Norm, epsilon: 1 }, unit, /expected linf, l2, l1, l0/],
    [{ norm: 'linf', epsilon: -0.1 }, unit, /0 or more, found -0.1/],
    [{ norm: 'l2', epsilon: NaN }, unit, /0 or more, found NaN/],
    [{ norm: 'l2', epsilon: '0.3' as unknown as number }, unit, /to be a number/],
    [{ norm: 'l0', epsilon: 2.5 }, unit, /whole number of values/],
    [{ norm: 'l1', epsilon: 1 }, [1, 0] as const, /low < high, found \[1, 0\]/],
    [{ norm: 'l1', epsilon: 1 }, [0, Infinity] as const, /finite bounds/],
  ] as const)('refuses %j in %j', (threat, bounds, message) => {
    expect(() => createThreat(threat, bounds)).toThrow(message);
    expect(() => createThreat(threat, bounds)).toThrow(/ADVROB_THREAT/);
  });

  it('refuses batches of two shapes', () => {
    const threat = createThreat({ norm: 'l2', epsilon: 1 }, unit);
    expect(() => threat.project(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(/one shape, found \[2, 3\] and \[2, 4\]/);
    expect(() => threat.distance(tf.zeros([2, 3]), tf.zeros([2, 3, 1]))).toThrow(/ADVROB_THREAT/);
  });

  it('gives the same threat with another epsilon, and checks it', () => {
    const wider = createThreat({ norm: 'l2', epsilon: 1 }, unit).withEpsilon(3);
    expect(wider).toMatchObject({ norm: 'l2', epsilon: 3, bounds: unit });
    expect(() => wider.withEpsilon(-1)).toThrow(/ADVROB_THREAT/);
  });

  it.each(norms)('%s: epsilon 0 leaves the clean example, Infinity the bounds alone', async (norm) => {
    const x = tf.tensor2d([
      [0.2, 0.4],
      [0, 1],
      [1, 0.5],
    ]);
    const adv = tf.tensor2d([
      [-3, 0.9],
      [0.5, 0.5],
      [2, 0.5],
    ]);
    const none = createThreat({ norm, epsilon: 0 }, unit);
    expect(await none.project(adv, x).array()).toEqual(await x.array());
    expect(await none.randomStart(x, rng).array()).toEqual(await x.array());
    const all = createThreat({ norm, epsilon: Infinity }, unit);
    expect(await all.project(adv, x).array()).toEqual(await tf.clipByValue(adv, 0, 1).array());
    const starts = await all.randomStart(x, rng).data();
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...starts)).toBeLessThan(1);
  });

  it.each(norms)('%s: has no leaks and keeps its inputs', (norm) => {
    const threat = createThreat({ norm, epsilon: 2 }, unit);
    const x = tf.fill([3, 2, 2, 1], 0.5);
    const adv = tf.fill([3, 2, 2, 1], 0.9);
    for (const call of [
      () => threat.project(adv, x),
      () => threat.withEpsilon(0).project(adv, x),
      () => threat.withEpsilon(Infinity).project(adv, x),
      () => threat.steepestAscent(adv),
      () => threat.randomStart(x, rng),
      () => threat.distance(adv, x),
    ]) {
      const before = tf.memory().numTensors;
      const result = call();
      expect(tf.memory().numTensors).toBe(before + 1);
      result.dispose();
    }
    expect(x.isDisposed || adv.isDisposed).toBe(false);
  });
});

describe('steepestAscent', () => {
  const gradient = tf.tensor3d([[[3, -4]], [[0, 0]], [[-2, 2]]]);
  it.each([
    ['linf', [1, -1, 0, 0, -1, 1]],
    ['l2', [0.6, -0.8, 0, 0, -Math.SQRT1_2, Math.SQRT1_2]],
    ['l1', [0, -1, 0, 0, -1, 0]],
    ['l0', [0, -1, 0, 0, -1, 0]],
  ] as const)('%s: is the unit vector with the largest inner product; zero rows stay zero', async (norm, expected) => {
    const direction = createThreat({ norm, epsilon: 1 }, unit).steepestAscent(gradient);
    expect(direction.shape).toEqual([3, 1, 2]);
    (await direction.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  it('l2: has length 1 for gradients whose squares underflow or overflow', async () => {
    const extreme = tf.tensor2d([
      [3e-30, 4e-30],
      [3e30, 4e30],
    ]);
    const direction = await createThreat({ norm: 'l2', epsilon: 1 }, unit).steepestAscent(extreme).data();
    [0.6, 0.8, 0.6, 0.8].forEach((value, i) => expect(direction[i]).toBeCloseTo(value, 5));
  });
});

describe('distance', () => {
  it.each([
    ['linf', [0.5, 0]],
    ['l2', [Math.sqrt(0.29), 0]],
    ['l1', [0.7, 0]],
    ['l0', [2, 0]],
  ] as const)('%s', async (norm, expected) => {
    const x = tf.tensor3d([
      [[0.5], [0.5], [1]],
      [[0], [1], [0.3]],
    ]);
    const adv = tf.tensor3d([
      [[0.3], [1], [1]],
      [[0], [1], [0.3]],
    ]);
    const distance = createThreat({ norm, epsilon: 1 }, unit).distance(adv, x);
    expect(distance.shape).toEqual([2]);
    (await distance.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });
});

describe('resolveThreat', () => {
  it('takes the bounds of the model', () => {
    expect(resolveThreat({ norm: 'linf', epsilon: 8 }, [0, 255])).toMatchObject({ epsilon: 8, bounds: [0, 255] });
  });

  it('keeps a finished threat model of the same bounds and refuses another', () => {
    const threat = createThreat({ norm: 'l1', epsilon: 8 }, unit);
    expect(resolveThreat(threat, [0, 1])).toBe(threat);
    expect(() => resolveThreat(threat, [0, 255])).toThrow(/bounds \[0, 1\] but the model's inputs have \[0, 255\]/);
  });
});
