import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';

afterAll(() => tf.setBackend('cpu'));

type Four = [number, number, number, number];
interface Problem {
  readonly image: Four;
  readonly filter: Four;
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | number;
}

const side = fc.integer({ min: 1, max: 4 });
const drawn = fc.record({
  batch: side,
  inputs: side,
  outputs: side,
  window: fc.tuple(side, side),
  extra: fc.tuple(fc.nat(5), fc.nat(5)),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  pad: fc.constantFrom('same' as const, 'valid' as const, 1, 2),
});
const problems: fc.Arbitrary<Problem> = drawn.map(({ batch, inputs, outputs, window, extra, strides, pad }) => {
  // With a number as padding, tfjs computes the width of the output from the height of window and
  // stride.
  const square = typeof pad === 'number';
  const [height, width] = square ? [window[0], window[0]] : window;
  return {
    image: [batch, height + extra[0], width + extra[1], inputs],
    filter: [height, width, inputs, outputs],
    strides: square ? [strides[0], strides[0]] : strides,
    pad,
  };
});

/**
 * The gradient in the filter of a weighted sum of a convolution's outputs, on the backend that is
 * active.
 */
async function gradient({ image, filter, strides, pad }: Problem): Promise<Float32Array> {
  const values = tf.tidy(() => {
    const x = tf.sin(tf.mul(tf.reshape(tf.range(0, tf.util.sizeFromShape(image)), image), 1.7)) as tf.Tensor4D;
    const weights = tf.ones(filter);
    // Linear in the outputs, so that the gradient does not depend on how the backend rounds them.
    const loss = (f: tf.Tensor): tf.Scalar => {
      const y = tf.conv2d(x, f as tf.Tensor4D, strides, pad, 'NHWC', 1, typeof pad === 'number' ? 'floor' : undefined);
      return tf.sum(tf.mul(y, tf.cos(tf.reshape(tf.range(0, y.size), y.shape))));
    };
    return tf.grad(loss)(weights);
  });
  const found = await values.data<'float32'>();
  values.dispose();
  return found;
}

it('@advrob/core/gradients gives the wasm backend the same gradients as the cpu backend, for any stride and padding, and keeps nothing', async () => {
  await tf.setBackend('wasm');
  await tf.ready();
  await gradient({ image: [1, 3, 3, 1], filter: [2, 2, 1, 1], strides: [1, 1], pad: 'same' });
  const before = tf.engine().backend.numDataIds();
  await fc.assert(
    fc.asyncProperty(problems, async (problem) => {
      await tf.setBackend('cpu');
      const expected = await gradient(problem);
      await tf.setBackend('wasm');
      const found = await gradient(problem);
      expect(found.length).toBe(expected.length);
      const scale = Math.max(1, ...expected.map(Math.abs));
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * scale));
    }),
    { numRuns: 60 },
  );
  expect(tf.engine().backend.numDataIds()).toBe(before);
});
