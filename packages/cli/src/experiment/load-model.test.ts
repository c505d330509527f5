import { expect, it } from 'vitest';
import { findModelFile, modelName, normalizationOf } from './load-model.js';

it.each([
  [[0, 255], [0, 1], { mean: 0, std: 1 / 255 }],
  [[-1, 1], [0, 1], { mean: 0.5, std: 0.5 }],
  [[0, 1], [0, 255], { mean: 0, std: 255 }],
  [[0, 1], [-1, 1], { mean: -1, std: 2 }],
] as const)('a network that takes %j for %j', (range, bounds, expected) => {
  const { mean, std } = normalizationOf({ range }, bounds)!;
  expect([mean, std]).toEqual([expected.mean, expected.std]);
  for (const i of [0, 1] as const) expect((bounds[i] - (mean as number)) / (std as number)).toBeCloseTo(range[i], 9);
});

it('takes mean and deviation as they are, and nothing for nothing', () => {
  expect(normalizationOf({ mean: [0.1, 0.2, 0.3] }, [0, 1])).toEqual({ mean: [0.1, 0.2, 0.3], std: 1 });
  expect(normalizationOf({}, [0, 1])).toBeUndefined();
});

it('refuses what cannot be meant', () => {
  expect(() => normalizationOf({ range: [0, 255], std: 2 }, [0, 1])).toThrow(/not both/);
  for (const range of [[1], [1, 0], [0, 1, 2]]) expect(() => normalizationOf({ range }, [0, 1])).toThrow(/low < high/);
});

it('finds a model of the zoo by its name', async () => {
  expect(await findModelFile('zoo:mnist/pgd-at')).toMatch(/models\/mnist\/pgd-at\.safetensors$/);
  expect(modelName('zoo:mnist/pgd-at')).toBe('pgd-at');
  await expect(findModelFile('zoo:mnist/pgdat')).rejects.toThrow(/did you mean mnist\/pgd-at.*ADVROB_MODEL_MISSING/);
});
