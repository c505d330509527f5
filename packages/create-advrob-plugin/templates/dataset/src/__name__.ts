import { defineDataset, type Dataset } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { arrayDataset } from '@advrob/datasets';
import * as z from 'zod';

const options = z.strictObject({
  count: z.int().min(8).default(1000).describe('examples of the training split; a fifth of it in each other one'),
  noise: z.number().min(0).max(0.2).default(0.05).describe('standard deviation around the rings'),
  seed: z.int().min(0).default(0),
});

/**
 * Two rings in the unit square, one inside the other. Replace this with your data: `load` reads or makes three disjoint splits. For files, see the readers that
 * `@advrob/datasets` exports.
 */
export const __identifier__ = defineDataset({
  name: '__name__',
  summary: 'Two rings, one inside the other.',
  options,
  async load({ count, noise, seed }) {
    const part = (split: string, size: number): Promise<Dataset> => rings(`__name__ ${split}`, size, noise, seed);
    const few = Math.max(8, Math.floor(count / 5));
    return {
      train: await part('train', count),
      validation: await part('validation', few),
      test: await part('test', few),
    };
  },
});

async function rings(name: string, count: number, noise: number, seed: number): Promise<Dataset> {
  const rng = createRandom({ seed });
  const [turns, moves] = [rng.uniform(`${name} angle`, [count], 0, 2 * Math.PI), rng.normal(`${name} noise`, [count])];
  const [angles, shifts] = await Promise.all([turns.data(), moves.data()]);
  turns.dispose();
  moves.dispose();
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const inputs = Float32Array.from({ length: 2 * count }, (_, k) => {
    const i = Math.floor(k / 2);
    const radius = (labels[i] === 0 ? 0.2 : 0.4) + noise * (shifts[i] ?? 0);
    const angle = angles[i] ?? 0;
    const value = 0.5 + radius * (k % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
    return Math.min(1, Math.max(0, value));
  });
  return arrayDataset({ name, inputs, labels, inputShape: [2], numClasses: 2, classNames: ['inner', 'outer'] });
}
