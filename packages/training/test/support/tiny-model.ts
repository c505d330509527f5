import type { Classifier, ForwardOptions } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

export interface TinyOptions {
  readonly inputs?: number;
  readonly hidden?: number;
  readonly classes?: number;
  readonly seed?: number;
  readonly dropout?: number;
}

/** inputs -> hidden -> batch norm with buffers (momentum 0.1) -> tanh -> dropout -> classes. Smooth, so that gradients can be compared step by step. */
export function tinyModel({
  inputs = 4,
  hidden = 5,
  classes = 3,
  seed = 1,
  dropout = 0,
}: TinyOptions = {}): Classifier {
  const rng = createRandom({ seed });
  const trained = (tensor: Tensor) => tf.tidy(() => tf.variable(tensor));
  const frozen = (tensor: Tensor) => tf.tidy(() => tf.variable(tensor, false));
  const drop = (tensor: Tensor, keep: (t: Tensor) => tf.Variable) => {
    const variable = keep(tensor);
    tensor.dispose();
    return variable;
  };
  const make = (name: string, shape: number[]) => {
    const draw = rng.normal(name, shape);
    const variable = drop(
      tf.tidy(() => tf.mul(draw, 0.5)),
      trained,
    );
    draw.dispose();
    return variable;
  };
  const weights = {
    'fc1.weight': make('w1', [inputs, hidden]),
    'fc1.bias': make('b1', [hidden]),
    'norm.weight': drop(tf.ones([hidden]), trained),
    'fc2.weight': make('w2', [hidden, classes]),
    'fc2.bias': make('b2', [classes]),
  };
  const buffers = {
    'norm.mean': drop(tf.zeros([hidden]), frozen),
    'norm.variance': drop(tf.ones([hidden]), frozen),
  };
  const move = (buffer: tf.Variable, value: Tensor) => buffer.assign(tf.add(tf.mul(buffer, 0.9), tf.mul(value, 0.1)));

  const features = (x: Tensor, { mode = 'eval', rng: draws, dropout: isActive = true }: ForwardOptions = {}): Tensor =>
    tf.tidy(() => {
      const z = tf.add(tf.matMul(x as Tensor2D, weights['fc1.weight'] as Tensor as Tensor2D), weights['fc1.bias']);
      let mean: Tensor = buffers['norm.mean'];
      let variance: Tensor = buffers['norm.variance'];
      if (mode !== 'eval') ({ mean, variance } = tf.moments(z, 0));
      if (mode === 'train') {
        move(buffers['norm.mean'], mean);
        move(buffers['norm.variance'], variance);
      }
      const normal = tf.div(tf.sub(z, mean), tf.sqrt(tf.add(variance, 1e-5)));
      const active = tf.tanh(tf.mul(normal, weights['norm.weight']));
      if (mode === 'eval' || dropout === 0 || !isActive) return active;
      if (!draws) throw new Error('no rng');
      const isKept = tf.cast(tf.greaterEqual(draws.uniform('dropout', active.shape, 0, 1), dropout), 'float32');
      return tf.div(tf.mul(active, isKept), 1 - dropout);
    });
  const head = (h: Tensor): Tensor =>
    tf.tidy(() => tf.add(tf.matMul(h as Tensor2D, weights['fc2.weight'] as Tensor as Tensor2D), weights['fc2.bias']));

  return {
    inputShape: [inputs],
    numClasses: classes,
    bounds: [0, 1],
    weights,
    buffers,
    features,
    head,
    logits: (x, how) => tf.tidy(() => head(features(x, how))),
    dispose: () => tf.dispose([...Object.values(weights), ...Object.values(buffers)] as Tensor[]),
  };
}

/** All weights and buffers as plain numbers. */
export async function valuesOf(model: Classifier): Promise<Record<string, number[]>> {
  const all = Object.entries({ ...model.weights, ...model.buffers });
  return Object.fromEntries(
    await Promise.all(all.map(async ([name, v]) => [name, Array.from(await v.data())] as const)),
  );
}
