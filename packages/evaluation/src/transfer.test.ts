import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ascent, nearest, step } from '../test/support/attacks.js';
import { shiftedPlane as plane } from '../test/support/plane-model.js';
import { pointsDataset } from '../test/support/points-dataset.js';
import { transferMatrix } from './transfer.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('transferMatrix', () => {
  // `first` looks at the first input alone, `both` at both alike; steps of 0.1 on one move the
  // other by all or half of that.
  const make = () => ({ both: plane(0), first: plane(0, [1, 0]) });
  const data = pointsDataset(
    [0.04, 0.08, 0.12, 0.16, -0.02].map((gap) => [0.5 + gap, 0.5 + gap]),
    [1, 1, 1, 1, 1],
  );
  const free = (models: Readonly<Record<string, { dispose(): void }>>): void =>
    Object.values(models).forEach((model) => model.dispose());

  it('judges on each what was made on each', async () => {
    const before = tf.memory().numTensors;
    const models = make();
    const { models: names, cells } = await transferMatrix({
      models,
      data,
      attack: step(),
      norm: 'linf',
      epsilon: 0.1,
      batchSize: 2,
    });
    expect(names).toEqual(['both', 'first']);
    const counts = cells.map(({ source, target, robust, fooled }) => [source, target, robust.count, fooled.count]);
    expect(counts).toEqual([
      ['both', 'both', 2, 2],
      ['both', 'first', 2, 2],
      // Moving the first input alone by 0.1 moves the mean by 0.05.
      ['first', 'both', 3, 1],
      ['first', 'first', 2, 2],
    ]);
    for (const { robust, fooled } of cells) expect([robust.total, fooled.total]).toEqual([5, 4]);
    free(models);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the points that a minimal-norm attack found', async () => {
    const models = make();
    const { cells } = await transferMatrix({ models, data, attack: nearest(), norm: 'linf', epsilon: 0.13 });
    // From `both` the points lie a thousandth past its boundary, and past that of `first`.
    expect(cells.map(({ fooled }) => fooled.count)).toEqual([3, 3, 0, 3]);
    free(models);
  });

  it('goes on where it stopped, with the same result', async () => {
    const models = make();
    const options = { models, data, attack: ascent(), norm: 'linf', epsilon: 0.1, batchSize: 2 } as const;
    const whole = memoryStorage();
    const expected = await transferMatrix({ ...options, storage: whole });
    const bytes = whole.files.get('transfer.jsonl')!;
    const header = bytes.indexOf(10) + 1;
    for (const share of [0, 0.4, 0.8, 1]) {
      const end = header + Math.floor(share * (bytes.length - header));
      const storage = memoryStorage([['transfer.jsonl', bytes.slice(0, end)]]);
      expect(await transferMatrix({ ...options, storage })).toEqual(expected);
      expect(storage.files.get('transfer.jsonl')).toEqual(bytes);
    }
    await expect(transferMatrix({ ...options, epsilon: 0.2, storage: whole })).rejects.toMatchObject({
      code: 'ADVROB_EVALUATION_MISMATCH',
    });
    free(models);
  });

  it('takes options that are undefined as left out', async () => {
    const models = make();
    const options = { models, data, attack: ascent(), norm: 'linf', epsilon: 0.1 } as const;
    const left = { restarts: undefined, batchSize: undefined, seed: undefined, storage: undefined, signal: undefined };
    expect(await transferMatrix({ ...options, ...left })).toEqual(await transferMatrix(options));
    free(models);
  });

  it('refuses what does not fit', async () => {
    const models = make();
    const options = { models, data, attack: step(), norm: 'linf', epsilon: 0.1 } as const;
    await expect(transferMatrix({ ...options, models: {} })).rejects.toThrow(/at least one/);
    await expect(transferMatrix({ ...options, norm: 'l1' })).rejects.toMatchObject({ code: 'ADVROB_NORM' });
    await expect(transferMatrix({ ...options, epsilon: Infinity })).rejects.toThrow(/finite/);
    free(models);
  });
});
