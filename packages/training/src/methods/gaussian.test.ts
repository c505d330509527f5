import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { context, firstBatch } from '../../test/support/prepare.js';
import { tinyModel } from '../../test/support/tiny-model.js';
import { gaussian } from './gaussian.js';

testObjective(gaussian, { refuses: [{ sigma: 0 }], lossOf: 'erm' });
expectNoLeaks();

describe('gaussian', () => {
  it('trains on fresh noise of the standard deviation asked for, beyond the bounds', async () => {
    const model = tinyModel();
    const batch = await firstBatch();
    const { x, y } = await gaussian({ sigma: 5 }).prepare(batch, context(model, []));
    const noise = tf.tidy(() => Array.from(tf.sub(x, batch.x).dataSync()));
    const spread = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
    expect(spread).toBeGreaterThan(3);
    expect(spread).toBeLessThan(7.5);
    expect(new Set(noise).size).toBe(16);
    expect(y).toBe(batch.y);
    tf.dispose([x, batch.x, batch.y]);
    model.dispose!();
  });
});
