import { defineModel, type Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

const size = z.int().min(1);
const options = z.strictObject({
  inputShape: z.array(size).min(1).default([28, 28, 1]).describe('of one example'),
  hidden: size.default(64).describe('units of the hidden layer'),
  numClasses: z.int().min(2).default(10),
});

/**
 * One hidden layer with softplus. Replace this with your architecture: `logits` takes raw inputs inside `bounds` (normalisation is part of the model) and gives
 * unnormalised scores; weights have stable names.
 */
export const __identifier__ = defineModel({
  name: '__name__',
  summary: 'One hidden layer with softplus.',
  options,
  create({ inputShape, hidden, numClasses }, seed): Classifier {
    const inputs = inputShape.reduce((product, extent) => product * extent, 1);
    const rng = createRandom({ seed });
    const dense = (name: string, from: number, to: number) =>
      tf.tidy(() => ({
        weight: tf.variable(tf.mul(rng.normal(name, [from, to]), Math.sqrt(2 / from))),
        bias: tf.variable(tf.zeros([to])),
      }));
    const [first, last] = [dense('fc1', inputs, hidden), dense('fc2', hidden, numClasses)];
    const apply = (x: tf.Tensor, { weight, bias }: typeof first): tf.Tensor =>
      tf.add(tf.matMul(x as tf.Tensor2D, weight as unknown as tf.Tensor2D), bias);
    const features = (x: tf.Tensor): tf.Tensor => tf.tidy(() => tf.softplus(apply(tf.reshape(x, [-1, inputs]), first)));
    const head = (hiddenUnits: tf.Tensor): tf.Tensor => tf.tidy(() => apply(hiddenUnits, last));
    return {
      inputShape,
      numClasses,
      bounds: [0, 1],
      weights: {
        'fc1.weight': first.weight,
        'fc1.bias': first.bias,
        'fc2.weight': last.weight,
        'fc2.bias': last.bias,
      },
      features,
      head,
      logits: (x) => tf.tidy(() => head(features(x))),
      dispose: () => tf.dispose([first, last]),
    };
  },
});
