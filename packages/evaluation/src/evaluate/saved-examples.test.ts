import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type Classifier, type RunStorage } from '@advrob/core';
import { encodeSafetensors } from '@advrob/core/safetensors';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adversarialName, readAdversarial } from '../record/adversarial.js';
import { evaluate } from './evaluate.js';
import { nearest, step } from '../../test/support/attacks.js';
import { pointsDataset } from '../../test/support/points-dataset.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Class 1 where the mean of both inputs is above `level` of 255. */
function modelAt(level: number): Classifier & { dispose(): void } {
  const bias = (2 * level) / 255;
  return linearClassifier({
    weights: [
      [-1, 1],
      [-1, 1],
    ],
    bias: [bias, -bias],
  });
}

const data = pointsDataset(
  [120, 130, 140, 90].map((level) => [level / 255, level / 255]),
  [1, 1, 1, 1],
);

/** Evaluates with a fresh model and checks that nothing leaks. */
async function evaluateAt(level: number, storage: RunStorage, epsilon: number | number[], attack = nearest()) {
  const before = tf.memory().numTensors;
  const model = modelAt(level);
  const evaluation = await evaluate({
    model,
    data,
    attacks: [{ attack, norm: 'linf', epsilon }],
    batchSize: 3,
    samples: 0,
    saveAdversarial: true,
    storage,
  });
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return evaluation;
}

describe('saved adversarial examples', () => {
  it('are the float32 points of the attack, one file per batch that has any', async () => {
    const storage = memoryStorage();
    const { result } = await evaluateAt(100.6, storage, Infinity);
    const names = [...storage.files.keys()].filter((name) => name.startsWith('adversarial/'));
    // The second batch holds the clean error alone.
    expect(names).toEqual([adversarialName(result.attacks, 0, 0)]);
    const saved = await readAdversarial(storage, names[0]!);
    expect(saved).toMatchObject({
      inputShape: [2],
      indices: Int32Array.of(1000, 1001, 1002),
      labels: Int32Array.of(1, 1, 1),
    });
    expect(saved.adversarial).toHaveLength(6);
    [120, 130, 140].forEach((level, i) => {
      const distance = (1.001 * (level - 100.6)) / 255;
      expect(saved.adversarial[2 * i]).toBeCloseTo(level / 255 - distance, 6);
    });
  });

  // The nearest point lies at 100.6 (or 100.4) of 255 and is rounded to 101 (100), back over the
  // boundary (past it).
  it.each([
    [100.6, { examples: 2, confirmed: 2, quantized: 0, quantizedInside: 0 }],
    [100.4, { examples: 2, confirmed: 2, quantized: 2, quantizedInside: 2 }],
  ])('are classified again as loaded, and apart after rounding to 8 bits: boundary at %d', async (level, expected) => {
    const { result } = await evaluateAt(level, memoryStorage(), [30 / 255, 45 / 255]);
    const [near, far] = result.attacks[0]!.points;
    expect(near!.saved).toEqual(expected);
    expect(far!.saved).toEqual({
      examples: 3,
      confirmed: 3,
      quantized: level === 100.4 ? 3 : 0,
      quantizedInside: level === 100.4 ? 3 : 0,
    });
    expect(near!.robust.count).toBe(1);
  });

  it('count as outside when rounding carries them out of the ball', async () => {
    // Both nearest points are 29.63 steps of 1/255 away or less, but rounded 30.
    const { result } = await evaluateAt(100.4, memoryStorage(), 29.8 / 255);
    expect(result.attacks[0]!.points[0]!.saved).toEqual({
      examples: 2,
      confirmed: 2,
      quantized: 2,
      quantizedInside: 1,
    });
  });

  it('are not confirmed by what the attack remembers when the file holds something else', async () => {
    const honest = memoryStorage();
    const lying: RunStorage = {
      ...honest,
      async read(name) {
        if (!name.startsWith('adversarial/')) return honest.read(name);
        const { indices, labels } = await readAdversarial(honest, name);
        return encodeSafetensors({
          adversarial: {
            dtype: 'float32',
            shape: [indices.length, 2],
            data: new Float32Array(2 * indices.length).fill(1),
          },
          indices: { dtype: 'int32', shape: [indices.length], data: indices },
          labels: { dtype: 'int32', shape: [labels.length], data: labels },
        });
      },
    };
    const { result } = await evaluateAt(100.6, lying, 0.3);
    expect(result.attacks[0]!.points[0]!.saved).toEqual({
      examples: 3,
      confirmed: 0,
      quantized: 0,
      quantizedInside: 0,
    });
  });

  it('are named as what they are when the model has no number for them', async () => {
    const honest = memoryStorage();
    const spoiled: RunStorage = {
      ...honest,
      async read(name) {
        const bytes = await honest.read(name);
        if (!name.startsWith('adversarial/')) return bytes;
        const { adversarial, indices, labels } = await readAdversarial(honest, name);
        return encodeSafetensors({
          adversarial: { dtype: 'float32', shape: [indices.length, 2], data: adversarial.fill(NaN) },
          indices: { dtype: 'int32', shape: [indices.length], data: indices },
          labels: { dtype: 'int32', shape: [labels.length], data: labels },
        });
      },
    };
    const promise = evaluateAt(100.6, spoiled, 0.3);
    await expect(promise).rejects.toMatchObject({ code: 'ADVROB_NOT_FINITE' });
    await expect(promise).rejects.toThrow(/the saved adversarial examples in adversarial.* hold NaN/);
  });

  it('are saved per epsilon for a fixed budget, and again from the journal', async () => {
    const storage = memoryStorage();
    const first = await evaluateAt(100.6, storage, [0.1, 0.2], step());
    const names = [...storage.files.keys()].filter((name) => name.startsWith('adversarial/'));
    expect(names).toEqual(['adversarial/0-step/000000.safetensors', 'adversarial/1-step/000000.safetensors']);
    expect(first.result.attacks[0]!.points.map(({ saved }) => saved!.examples)).toEqual([1, 3]);
    const again = await evaluateAt(100.6, storage, [0.1, 0.2], step());
    expect(again.result).toEqual(first.result);
  });

  it('need a storage', async () => {
    const model = modelAt(100);
    const promise = evaluate({ model, data, attacks: [], saveAdversarial: true });
    await expect(promise).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
    model.dispose();
  });

  it('are refused when the file is damaged or missing', async () => {
    const storage = memoryStorage([['a', Uint8Array.of(1, 2, 3)]]);
    await expect(readAdversarial(storage, 'a')).rejects.toMatchObject({ code: 'ADVROB_TENSOR_FILE' });
    await expect(readAdversarial(storage, 'b')).rejects.toThrow(/no 'b'/);
    const other = encodeSafetensors({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } });
    await expect(readAdversarial(memoryStorage([['c', other]]), 'c')).rejects.toThrow(/'indices'/);
  });
});
