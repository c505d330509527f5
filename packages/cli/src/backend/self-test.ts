import { AdvrobError } from '@advrob/core';
import { medianOf } from '@advrob/core/statistics';
import * as tf from '@tensorflow/tfjs-core';

export interface SelfTest {
  /** Median time of a 3x3 convolution of 16 images 28x28x16 with its input gradient. */
  readonly convMs: number;
  /** Median time of a 512 x 512 matrix product. */
  readonly matMulMs: number;
  /** Kernels of gradients that conv nets may need and this backend lacks. */
  readonly missingGradients: readonly string[];
  readonly note: string;
}

const gradients = [
  'Conv2DBackpropInput',
  'Conv2DBackpropFilter',
  'MaxPoolGrad',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
];

/**
 * Checks the active backend with a known answer (the gradient of a small conv net against finite
 * differences) and takes its speed.
 *
 * @throws AdvrobError `ADVROB_BACKEND` when the answer is wrong.
 */
export async function selfTest(): Promise<SelfTest> {
  await checkGradient();
  const missingGradients = gradients.filter((kernel) => tf.getKernel(kernel, tf.getBackend()) === undefined);
  const x = tf.randomNormal([16, 28, 28, 16]) as tf.Tensor4D;
  const filter = tf.randomNormal([3, 3, 16, 16]) as tf.Tensor4D;
  const matrix = tf.randomNormal([512, 512]) as tf.Tensor2D;
  const conv = tf.grad((input) => tf.conv2d(input as tf.Tensor4D, filter, 1, 'same'));
  const convMs = await medianTime(() => conv(x));
  const matMulMs = await medianTime(() => tf.matMul(matrix, matrix));
  tf.dispose([x, filter, matrix]);
  return { convMs, matMulMs, missingGradients, note: '' };
}

async function checkGradient(): Promise<void> {
  const shape: [number, number, number, number] = [1, 5, 5, 1];
  const values = Float32Array.from({ length: 25 }, (_, i) => Math.sin(i * 1.7));
  const filter = tf.tensor4d(
    Float32Array.from({ length: 18 }, (_, i) => Math.cos(i * 0.9)),
    [3, 3, 1, 2],
  );
  const loss = (x: tf.Tensor): tf.Scalar => tf.sum(tf.square(tf.tanh(tf.conv2d(x as tf.Tensor4D, filter, 1, 'same'))));
  const valueAt = async (input: Float32Array): Promise<number> => {
    const value = tf.tidy(() => loss(tf.tensor4d(input, shape)));
    const [number] = await value.data();
    value.dispose();
    return number!;
  };
  const gradient = tf.tidy(() => tf.grad(loss)(tf.tensor4d(values, shape)));
  const found = await gradient.data();
  gradient.dispose();
  for (const i of [0, 7, 12, 24]) {
    const h = 1e-2;
    const moved = (by: number): Float32Array => values.map((value, j) => (j === i ? value + by : value));
    const expected = ((await valueAt(moved(h))) - (await valueAt(moved(-h)))) / (2 * h);
    if (!(Math.abs(expected - found[i]!) < 2e-2))
      throw new AdvrobError(
        'ADVROB_BACKEND',
        `backend '${tf.getBackend()}' gives a wrong gradient: ${found[i]!} at ${i}, expected about ${expected}`,
      );
  }
  filter.dispose();
}

async function medianTime(run: () => tf.Tensor): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    const result = run();
    await result.data();
    result.dispose();
    if (i > 1) times.push(performance.now() - start);
  }
  return medianOf(times);
}
