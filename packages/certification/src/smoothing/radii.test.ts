import '@tensorflow/tfjs-backend-cpu';
import { createRandom } from '@advrob/core/random';
import { clopperPearson } from '@advrob/core/statistics';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { noiseOf } from './noise.js';
import {
  ablationRadius,
  chanceSeen,
  gaussianRadius,
  laplaceRadius,
  uniformLinfRadius,
  uniformRadius,
} from './radii.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const sure = (pA: number) => ({ pA, pB: 1 - pA });

describe('radii', () => {
  it.each([
    [100, 100, 1.500475024],
    [99, 100, 1.349259039],
    [1000, 1000, 2.463262615],
    [990, 1000, 1.978009582],
    [900, 1000, 1.114483162],
    [99900, 100000, 3.000200988],
    [100000, 100000, 3.811456563],
    [51000, 100000, 0.012807589],
    [10000, 10000, 3.198578],
  ])('Gaussian: %d of %d votes at alpha 0.001 give %f sigma', (count, total, radius) => {
    const { lower } = clopperPearson(count, total, 0.001);
    expect(Math.abs(gaussianRadius(sure(lower), 2) / 2 - radius)).toBeLessThan(6e-7);
  });

  it('of two classes: half of the difference of the quantiles', () => {
    expect(gaussianRadius({ pA: 0.9, pB: 0.02 }, 1)).toBeCloseTo((1.2815515655 + 2.0537489106) / 2, 9);
    expect(uniformRadius({ pA: 0.4, pB: 0.1 }, 2)).toBeCloseTo(0.6, 12);
    expect(laplaceRadius({ pA: 0.5, pB: 0.01 }, 1)).toBeCloseTo(Math.log(50) / 2, 12);
  });

  it('uniform and Laplace: golden values', () => {
    expect(uniformLinfRadius(sure(0.9), 1, 784)).toBeCloseTo(0.0013027021487, 12);
    expect(laplaceRadius(sure(0.9), 1)).toBeCloseTo(1.6094379124, 9);
  });

  it('on a line a threshold has exactly the radius that is claimed', () => {
    for (const margin of [0.05, 0.3, 0.8]) {
      expect(uniformRadius(sure(0.5 + margin / 2), 1)).toBeCloseTo(margin, 12);
      expect(uniformLinfRadius(sure(0.5 + margin / 2), 1, 1)).toBeCloseTo(margin, 12);
      expect(laplaceRadius(sure(1 - Math.exp(-margin / 0.5) / 2), 0.5)).toBeCloseTo(margin, 12);
    }
  });

  it('ablation: the chance that a changed pixel is seen', () => {
    for (const [changed, chance] of [
      [1, 0.0573979592],
      [2, 0.1115704903],
      [5, 0.2564619003],
      [8, 0.3781634155],
      [10, 0.4482363542],
    ] as const)
      expect(chanceSeen(changed, 45, 784)).toBeCloseTo(chance, 9);
    expect(chanceSeen(740, 45, 784)).toBe(1);
    expect(ablationRadius(sure(0.76), 45, 784)).toBe(5);
    expect(ablationRadius(sure(0.7564619), 45, 784)).toBe(4);
    expect(ablationRadius(sure(0.5), 45, 784)).toBe(0);
  });

  it('ablation: no classifier of what is seen has another majority inside of the radius, by enumeration', () => {
    // Five pixels of two values, two seen: a table of a class for each pair and what it shows.
    const pairs = [0, 1, 2, 3, 4].flatMap((a) => [0, 1, 2, 3, 4].filter((b) => b > a).map((b) => [a, b] as const));
    const random = createRandom({ seed: 1 });
    let claims = 0;
    for (let trial = 0; trial < 300; trial++) {
      const draws = random.at(trial).uniform('table', [pairs.length * 4], 0, 1);
      const table = Array.from(draws.dataSync(), (value) => (value < 0.8 ? 0 : 1));
      draws.dispose();
      const shareOf = (image: number): number =>
        pairs.filter(([a, b], i) => table[4 * i + 2 * ((image >> a) & 1) + ((image >> b) & 1)] === 0).length /
        pairs.length;
      for (let image = 0; image < 32; image++) {
        const radius = ablationRadius(sure(shareOf(image)), 2, 5);
        for (let other = 0; other < 32; other++) {
          const changed = [0, 1, 2, 3, 4].filter((pixel) => ((image ^ other) >> pixel) & 1).length;
          if (changed === 0 || changed > radius) continue;
          claims++;
          expect(shareOf(other)).toBeGreaterThan(0.5);
        }
      }
    }
    expect(claims).toBeGreaterThan(100);
  });
});

describe('noise', () => {
  const draws = {
    seed: 2,
    stage: 'estimate',
    ids: new Int32Array(3000),
    draws: Int32Array.from({ length: 3000 }, (_, i) => i),
  } as const;
  const model = { inputShape: [2, 2, 1], bounds: [-1, 3] as const };

  it.each(['gaussian', 'uniform', 'laplace'] as const)('%s has the standard deviation that is asked for', (noise) => {
    const values = tf.tidy(() => {
      const x = tf.fill([3000, 2, 2, 1], 0.5);
      const { mean, variance } = tf.moments(noiseOf({ noise, sigma: 0.3, keep: 1 }).apply(x, draws, model));
      return [mean.dataSync()[0]!, Math.sqrt(variance.dataSync()[0]!)];
    });
    expect(Math.abs(values[0]! - 0.5)).toBeLessThan(0.012);
    expect(Math.abs(values[1]! / 0.3 - 1)).toBeLessThan(0.035);
  });

  it('ablation shows so many pixels, each as often, with all of their channels', () => {
    const shown = tf.tidy(() => {
      const x = tf.fill([3000, 2, 2, 2], 2);
      const { apply } = noiseOf({ noise: 'ablation', sigma: 1, keep: 3 });
      return apply(x, draws, { ...model, inputShape: [2, 2, 2] }).dataSync();
    });
    const times = [0, 0, 0, 0];
    for (let row = 0; row < 3000; row++) {
      const pixels = [0, 1, 2, 3].filter((pixel) => shown[8 * row + 2 * pixel] === 2);
      expect(pixels).toHaveLength(3);
      for (const pixel of [0, 1, 2, 3]) expect(shown[8 * row + 2 * pixel + 1]).toBe(pixels.includes(pixel) ? 2 : -1);
      for (const pixel of pixels) times[pixel]!++;
    }
    for (const count of times) expect(Math.abs(count / 3000 - 0.75)).toBeLessThan(4 * Math.sqrt(0.1875 / 3000));
  });

  it('ablation for a model of twice the channels: the value and its complement, or neither', () => {
    const shown = tf.tidy(() => {
      const { apply } = noiseOf({ noise: 'ablation', sigma: 1, keep: 2 });
      const drawn = { ...draws, ids: Int32Array.of(0), draws: Int32Array.of(0) };
      return apply(tf.fill([1, 2, 2, 1], 2.5), drawn, { ...model, inputShape: [2, 2, 2] });
    });
    expect(shown.shape).toEqual([1, 2, 2, 2]);
    const values = shown.dataSync();
    const pixels = [0, 1, 2, 3].map((pixel) => [values[2 * pixel], values[2 * pixel + 1]]);
    expect(pixels.filter(([value]) => value === 2.5)).toEqual([
      [2.5, -0.5],
      [2.5, -0.5],
    ]);
    expect(pixels.filter(([value]) => value !== 2.5)).toEqual([
      [-1, -1],
      [-1, -1],
    ]);
    shown.dispose();
  });
});
