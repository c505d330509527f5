import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { createRandom } from './random.js';
import { createRowRandom } from './row-random.js';

const count = 200_000;
const rng = createRandom({ seed: 20_240_607 });
const rowRng = createRowRandom({ seed: 5, ids: Int32Array.from({ length: 400 }, (_, i) => i) });

/**
 * Largest gap between the empirical and the given distribution function, times sqrt(n): above 1.95
 * once in a thousand samples.
 */
function kolmogorovSmirnov(draws: Float32Array, distribution: (x: number) => number): number {
  const sorted = Float32Array.from(draws).sort();
  let gap = 0;
  sorted.forEach((x, i) => {
    const p = distribution(x);
    gap = Math.max(gap, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return gap * Math.sqrt(sorted.length);
}

/** Mean, variance and third and fourth standardised moments. */
function moments(draws: Float32Array) {
  const mean = draws.reduce((total, x) => total + x, 0) / draws.length;
  const central = (power: number) => draws.reduce((total, x) => total + (x - mean) ** power, 0) / draws.length;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

/** Abramowitz and Stegun 7.1.26, absolute error 1.5e-7. */
function normalDistribution(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (polynomial * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tail : 1 - tail;
}

const laplaceDistribution = (x: number) => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2);

const sources = {
  whole: {
    uniform: async () => (await rng.uniform('u', [count], -2, 6).data()) as Float32Array,
    normal: async () => (await rng.normal('n', [count]).data()) as Float32Array,
    laplace: async () => (await rng.laplace('l', [count]).data()) as Float32Array,
  },
  // The first draws of many rows: shows whether keys of neighbouring rows are independent.
  rows: {
    uniform: async () => (await rowRng.uniform('u', [500], -2, 6).data()) as Float32Array,
    normal: async () => (await rowRng.normal('n', [500]).data()) as Float32Array,
    laplace: async () => (await rowRng.laplace('l', [500]).data()) as Float32Array,
  },
};

describe.each(Object.keys(sources) as (keyof typeof sources)[])('draws of %s', (name) => {
  const source = sources[name];

  it('are uniform', async () => {
    const draws = await source.uniform();
    expect(kolmogorovSmirnov(draws, (x) => (x + 2) / 8)).toBeLessThan(1.95);
    const { mean, variance } = moments(draws);
    expect(Math.abs(mean - 2)).toBeLessThan(0.02);
    expect(Math.abs(variance - 64 / 12)).toBeLessThan(0.05);
  });

  it('are normal', async () => {
    const draws = await source.normal();
    expect(kolmogorovSmirnov(draws, normalDistribution)).toBeLessThan(1.95);
    const { mean, variance, skewness, kurtosis } = moments(draws);
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.015);
    expect(Math.abs(skewness)).toBeLessThan(0.025);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.05);
  });

  it('are Laplace', async () => {
    const draws = await source.laplace();
    expect(kolmogorovSmirnov(draws, laplaceDistribution)).toBeLessThan(1.95);
    const { mean, variance } = moments(draws);
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 2)).toBeLessThan(0.06);
  });

  it('do not follow from their neighbours', async () => {
    const draws = await source.normal();
    // Inside a block, between blocks, between rows.
    for (const lag of [1, 2, 3, 499, 500, 501]) {
      let product = 0;
      for (let i = lag; i < draws.length; i++) product += draws[i]! * draws[i - lag]!;
      expect(Math.abs(product / Math.sqrt(draws.length - lag))).toBeLessThan(4);
    }
  });
});

it('seeds, purposes and steps next to each other give unrelated draws', async () => {
  const streams = [
    createRandom({ seed: 0 }).normal('a', [5000]),
    createRandom({ seed: 1 }).normal('a', [5000]),
    createRandom({ seed: 2 ** 32 }).normal('a', [5000]),
    createRandom({ seed: 0 }).normal('b', [5000]),
    createRandom({ seed: 0 }).at(1).normal('a', [5000]),
    createRandom({ seed: 0, step: 2 ** 32 }).normal('a', [5000]),
    createRandom({ seed: Number.MAX_SAFE_INTEGER }).normal('a', [5000]),
  ];
  const draws = await Promise.all(streams.map(async (stream) => (await stream.data()) as Float32Array));
  for (let a = 0; a < draws.length; a++)
    for (let b = 0; b < a; b++) {
      const product = draws[a]!.reduce((total, x, i) => total + x * draws[b]![i]!, 0);
      expect(Math.abs(product / Math.sqrt(5000))).toBeLessThan(4);
    }
});
