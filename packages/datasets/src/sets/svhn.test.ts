import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import expected from '../../test/files/mat.json' with { type: 'json' };
import { filePath } from '../../test/test-files.js';
import { svhn } from './svhn.js';

beforeAll(() => tf.setBackend('cpu'));

describe('svhn', () => {
  it('reads what SciPy saved, compressed and not', async () => {
    const { train, test } = await svhn({ directory: filePath('svhn'), validation: 0 });
    expect(train.inputShape).toEqual([4, 5, 3]);
    for (const [part, count] of [
      [train, 12],
      [test, 8],
    ] as const)
      for await (const { x, y } of part.batches({ size: 100 })) {
        expect([...(await x.data())]).toEqual(
          expected.images.slice(0, count * 60).map((byte) => Math.fround(byte / 255)),
        );
        expect([...(await y.data())]).toEqual(expected.labels.slice(0, count));
      }
  });

  it('takes the test file alone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'advrob-svhn-'));
    await cp(filePath('svhn/test_32x32.mat'), join(directory, 'test_32x32.mat'));
    const { train, test } = await svhn({ directory });
    expect([train.length, test.length]).toEqual([0, 8]);
    await rm(directory, { recursive: true });
  });

  it('says what it found instead', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'advrob-svhn-'));
    await cp(filePath('keras.npz'), join(directory, 'train_32x32.mat'));
    await expect(svhn({ directory })).rejects.toMatchObject({ code: 'ADVROB_DATA_FORMAT' });
    await cp(filePath('svhn/train_32x32.mat'), join(directory, 'train_32x32.mat'));
    await expect(svhn({ directory })).rejects.toMatchObject({ code: 'ADVROB_DATA_MISSING' });
    await expect(svhn({ directory: filePath('svhn'), maxBytes: 500 })).rejects.toMatchObject({
      code: 'ADVROB_DATA_TOO_LARGE',
    });
    await rm(directory, { recursive: true });
  });
});
