import type { Classifier } from '@advrob/core';
import { fromFunction } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { random } from './nets.js';

type Step = (x: tf.Tensor) => tf.Tensor;

/**
 * A small network drawn from a seed: dense or convolutional, with poolings that overlap or not,
 * batch normalisation, branches and every activation. `dispose` frees it.
 */
export async function randomNet(seed: number): Promise<{ model: Classifier; what: string; dispose(): void }> {
  const draw = random(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.min(all.length - 1, Math.floor(((draw() + 1) / 2) * all.length))]!;
  const made: tf.Tensor[] = [];
  const tensor = (shape: number[], scale: number): tf.Tensor => {
    const size = shape.reduce((product, side) => product * side, 1);
    const found = tf.tensor(
      Float32Array.from({ length: size }, () => draw() * scale),
      shape,
    );
    made.push(found);
    return found;
  };
  const what: string[] = [];
  const activations: Readonly<Record<string, Step>> = {
    relu: tf.relu,
    leaky: (x) => tf.leakyRelu(x, 0.1),
    clip: (x) => tf.clipByValue(x, 0, 1.5),
    tanh: tf.tanh,
    sigmoid: tf.sigmoid,
    abs: tf.abs,
    elu: tf.elu,
    softplus: tf.softplus,
  };
  const activation = (): Step => {
    const name = pick(['relu', 'relu', 'relu', 'relu', ...Object.keys(activations)]);
    what.push(name);
    return activations[name]!;
  };
  const dense = (inputs: number, outputs: number): Step => {
    const [w, b] = [tensor([inputs, outputs], 2.5 / Math.sqrt(inputs)), tensor([outputs], 0.5)];
    return (x) => tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b);
  };
  const conv = (inputs: number, outputs: number, stride: number, pad: 'same' | 'valid', side = 3): Step => {
    const [w, b] = [tensor([side, side, inputs, outputs], 2 / side / Math.sqrt(inputs)), tensor([outputs], 0.5)];
    return (x) => tf.add(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad), b);
  };
  const norm = (channels: number): Step => {
    what.push('norm');
    const [mean, offset, scale] = [tensor([channels], 0.3), tensor([channels], 0.3), tensor([channels], 1.5)];
    const variance = tf.add(tf.abs(tensor([channels], 1)), 0.1);
    made.push(variance);
    return (x) =>
      tf.batchNorm(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      );
  };
  const steps: Step[] = [];
  const classes = 3;
  const isImage = draw() > 0;
  const inputShape = isImage ? [6, 5, 2] : [pick([2, 3, 6])];
  if (draw() > 0.5) steps.push((x) => tf.div(tf.sub(x, 0.4), 0.6));
  if (isImage) {
    const [stride, pad] = [pick([1, 1, 2]), pick(['same', 'valid'] as const)];
    what.push(`conv ${stride} ${pad}`);
    steps.push(conv(2, 3, stride, pad));
    if (draw() > 0) steps.push(norm(3));
    steps.push(activation());
    if (draw() > 0) {
      const [size, step, padding] = pick([
        [2, 2, 'valid'],
        [3, 1, 'same'],
        [2, 1, 'valid'],
        [3, 2, 'same'],
      ] as const);
      const kind = pick(['max', 'max', 'avg']);
      what.push(`${kind} ${size} ${step} ${padding}`);
      const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
      steps.push((x) => pool(x as tf.Tensor4D, size, step, padding));
    }
    if (draw() > 0) {
      what.push('branch');
      const [inner, again] = [conv(3, 3, 1, 'same'), conv(3, 3, 1, 'same')];
      const [first, last] = [activation(), activation()];
      steps.push((x) => last(tf.add(x, again(first(inner(x))))));
    }
    if (draw() > 0.6) steps.push((x) => tf.mean(x, [1, 2]));
    else steps.push((x) => tf.reshape(x, [x.shape[0]!, -1]));
  } else {
    const width = pick([4, 8]);
    steps.push(dense(inputShape[0]!, width), activation());
    if (draw() > 0) steps.push(norm(width));
    if (draw() > 0) {
      what.push('branch');
      const inner = dense(width, width);
      const last = activation();
      steps.push((x) => tf.sub(last(inner(x)), x));
    }
    if (draw() > 0) steps.push(dense(width, width), activation());
  }
  const features = tf.tidy(() => steps.reduce((x, step) => step(x), tf.zeros([1, ...inputShape])).shape[1]!);
  steps.push(dense(features, classes));
  const model = await fromFunction((x) => steps.reduce((z, step) => step(z), x), {
    inputShape,
    bounds: [0, 1],
    outputs: 'logits',
  });
  return { model, what: what.join(', '), dispose: () => tf.dispose(made) };
}
