import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { GraphRunError, flush, registerOnnxRuntime, stats, type OnnxRuntimeOptions } from '../src/index.js';

async function use(options: OnnxRuntimeOptions): Promise<void> {
  await registerOnnxRuntime(options);
  await tf.setBackend('onnxruntime');
}

/** The element of `x` at an index that only the run knows, and that does not exist: the sum of its elements. */
function gatherOutside(x: tf.Tensor): tf.Tensor {
  return tf.gather(x, tf.reshape(tf.cast(tf.sum(x), 'int32'), [1]) as tf.Tensor1D);
}

beforeEach(() => use({}));

describe('an op that fails when it is run', () => {
  it('loses nothing but itself', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const before = tf.mul(x, 2);
    const bad = gatherOutside(x);
    const after = tf.mul(x, 3);
    expect([...(await before.data())]).toEqual([2, 4, 6]);
    expect([...(await after.data())]).toEqual([3, 6, 9]);
    await expect(bad.data()).rejects.toThrow(GraphRunError);
    await expect(bad.data()).rejects.toThrow(/failed to run the recorded op Gather\(float32\[3\], int32\[1\]\)/);
    expect([...(await tf.add(after, 1).data())]).toEqual([4, 7, 10]);
    expect(stats().pendingNodes).toBe(0);
  });

  it('fails again in ops that use it, and for an explicit flush', async () => {
    const bad = gatherOutside(tf.tensor1d([1, 2, 3]));
    const dependent = tf.add(bad, 1);
    expect(() => flush()).toThrow(/Gather/);
    expect(() => tf.add(bad, 2)).toThrow(/Gather/);
    await expect(dependent.data()).rejects.toThrow(/Gather/);
    flush();
    bad.dispose();
    dependent.dispose();
    expect([...(await tf.square(tf.tensor1d([3])).data())]).toEqual([9]);
  });

  it('is told with the stack that recorded it in debug mode', async () => {
    await use({ debug: true });
    const failure = await gatherOutside(tf.tensor1d([1, 2, 3]))
      .data()
      .catch((error: unknown) => error);
    expect((failure as GraphRunError).message).toContain('the stack of the call that recorded it');
    expect((failure as GraphRunError).recordedAt).toHaveLength(1);
    expect((failure as GraphRunError).recordedAt[0]).toMatch(/^Gather\(.*gatherOutside/s);
  });

  it('stops the program at the call with flushEveryKernel', async () => {
    await use({ flushEveryKernel: true });
    expect(() => gatherOutside(tf.tensor1d([1, 2, 3]))).toThrow(/Gather/);
    expect([...(await tf.square(tf.tensor1d([3])).data())]).toEqual([9]);
  });
});

describe('arrays that do not fit', () => {
  it('name the op and say what to do', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const row = tf.tensor2d([[1, 2]]);
    const huge = tf.matMul(tf.tile(tf.tensor2d([[1], [2]]), [4_000_000, 1]), tf.tile(row, [1, 4_000_000]));
    await expect(huge.data()).rejects.toThrow(/MatMul.*do not fit in memory: use smaller batches/s);
    expect([...(await tf.square(x).data())]).toEqual([1, 4, 9]);
  });
});

describe('bad states', () => {
  it('name the kernel and the tensor that is disposed', () => {
    const x = tf.tensor1d([1, 2, 3]);
    x.dispose();
    expect(() => tf.exp(x)).toThrow(/Kernel Exp, input \[3\]: the tensor is disposed/);
  });

  it('name the op and the type it cannot take', () => {
    const complex = tf.complex([1, 2], [3, 4]);
    expect(() => tf.relu(complex)).toThrow(/relu.*complex64/i);
    expect(() => tf.topk(complex)).toThrow(/topk.*complex64/i);
    expect(() => tf.add(tf.tensor(['a']), tf.tensor(['b']))).toThrow(/string/);
  });

  it('name the backend that is gone', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    await tf.setBackend('cpu');
    tf.removeBackend('onnxruntime');
    expect(() => x.dataSync()).toThrow(/removed|gone|disposed/);
  });
});
