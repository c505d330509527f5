import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';
import { OnnxRuntimeBackend } from '../src/index.js';
import '../src/register.js';

interface Result {
  dtype: string;
  shape: number[];
  values: number[];
}

async function resultsOf(compute: () => tf.Tensor[]): Promise<Result[]> {
  const tensors = tf.tidy(compute);
  const results = [];
  for (const tensor of tensors) {
    results.push({ dtype: tensor.dtype, shape: tensor.shape, values: Array.from(await tensor.data()) });
    tensor.dispose();
  }
  return results;
}

/** Largest difference of two floats as a share of `scale`; infinite unless NaN and infinities are at the same places. */
function difference(expected: number, actual: number, scale: number): number {
  if (Object.is(expected, actual) || expected === actual) return 0;
  if (!Number.isFinite(expected) || !Number.isFinite(actual)) return Infinity;
  return Math.abs(expected - actual) / scale;
}

/**
 * Expects the same dtypes, shapes and values of this backend and the cpu backend; integers exactly, floats up to `tolerance` times the
 * largest finite result. `fallbacks` are the kernels that may reach the cpu backend here: none, unless given.
 */
export async function expectSameAsCpu(
  compute: () => tf.Tensor[],
  { tolerance = 3e-6, fallbacks = [] as string[] } = {},
): Promise<void> {
  await tf.setBackend('cpu');
  const expected = await resultsOf(compute);
  await tf.setBackend('onnxruntime');
  const backend = tf.backend() as OnnxRuntimeBackend;
  const before = backend.stats().fallbacks;
  const actual = await resultsOf(compute);
  const after = backend.stats().fallbacks;
  const used = Object.keys(after).filter((kernel) => after[kernel] !== before[kernel]);
  expect(used.sort()).toEqual([...fallbacks].sort());
  expect(actual.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
    expected.map(({ dtype, shape }) => ({ dtype, shape })),
  );
  expected.forEach(({ dtype, values }, index) => {
    if (dtype !== 'float32') {
      expect(actual[index]!.values).toEqual(values);
      return;
    }
    const scale = values.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      1e-30,
    );
    values.forEach((value, at) => {
      const error = difference(value, actual[index]!.values[at]!, scale);
      if (error > tolerance)
        expect.fail(
          `result ${index}, element ${at}: ${actual[index]!.values[at]} instead of ${value} (${error} of the scale)`,
        );
    });
  });
}
