import type { Batch, BatchOptions, Classifier, Dataset, Norm } from '@advrob/core';
import { createRandom, permutation } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

/**
 * Units of the inputs: a value `v` of the usual units, from -1 to 3, is `shift + scale * v` here.
 */
export interface Unit {
  readonly scale: number;
  readonly shift: number;
  /**
   * Whether the network takes inputs that the model first normalises, each channel by its own mean
   * and deviation. Default false.
   */
  readonly normalises?: boolean;
}

export const usualUnit: Unit = { scale: 1, shift: 0 };

/** Examples of a small network without closed forms, sixteen unless told otherwise. */
export interface Problem {
  readonly model: Classifier;
  /** [n, ...inputShape] */
  readonly x: Tensor;
  /** [n] int32: the predictions, but for example 5. */
  readonly y: Tensor;
  readonly labels: Int32Array;
  readonly mislabelled: number;
  /** A radius at which gradient attacks fool about half of the examples. */
  epsilonOf(norm: Norm): number;
  dispose(): void;
}

export const examples = 16;
const classes = 5;
const mislabelled = 5;
const radii = { linf: 0.1, l2: 0.4, l1: 1, l0: 1 } as const;

/**
 * Inputs [h, w, c] go through a 3x3 convolution with 6 filters, ReLU, max pooling and a dense
 * layer; all others through a dense layer of 24 units, ReLU and a dense layer: at most 1,000
 * weights.
 */
export async function smallProblem(
  inputShape: readonly number[],
  unit: Unit = usualUnit,
  count = examples,
): Promise<Problem> {
  const rng = createRandom({ seed: 11 });
  const size = inputShape.reduce((product, length) => product * length, 1);
  const drawn = (name: string, shape: readonly number[], fanIn: number): tf.Variable =>
    tf.tidy(() => tf.variable(tf.mul(rng.normal(name, shape), Math.sqrt(2 / fanIn))));
  const isImage = inputShape.length === 3;
  const [height = 1, width = 1, channels = 1] = inputShape;
  const hidden = isImage ? Math.floor(height / 2) * Math.floor(width / 2) * 6 : 24;
  const weights = {
    first: isImage ? drawn('filters', [3, 3, channels, 6], 9 * channels) : drawn('first', [size, 24], size),
    last: drawn('last', [hidden, classes], hidden),
  };
  const model: Classifier = {
    inputShape,
    numClasses: classes,
    bounds: [unit.shift - unit.scale, unit.shift + 3 * unit.scale],
    weights,
    logits: (x) =>
      tf.tidy(() => {
        // Centred, so that the classes share the examples.
        const centred = tf.div(tf.sub(x, unit.shift + unit.scale), unit.scale);
        const usual = unit.normalises ? fromNormalised(normalised(centred)) : centred;
        const { first, last } = weights;
        const features = isImage
          ? tf.maxPool(tf.relu(tf.conv2d(usual as Tensor4D, first as tf.Tensor4D, 1, 'same')), 2, 2, 'valid')
          : tf.relu(tf.matMul(tf.reshape(usual, [-1, size]), first as tf.Tensor2D));
        return tf.mul(tf.matMul(tf.reshape(features, [-1, hidden]), last as tf.Tensor2D), 2);
      }),
  };
  const x = tf.tidy(() =>
    tf.add(tf.mul(rng.uniform('inputs', [count, ...inputShape], -0.5, 2.5), unit.scale), unit.shift),
  );
  const predicted = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const labels = Int32Array.from(await predicted.data());
  predicted.dispose();
  labels[mislabelled] = (labels[mislabelled]! + 1) % classes;
  const y = tf.tensor1d(labels, 'int32');
  return {
    model,
    x,
    y,
    labels,
    mislabelled,
    epsilonOf: (norm) => radii[norm] * (norm === 'l0' ? 1 : unit.scale),
    dispose: () => tf.dispose([x, y, Object.values(weights)]),
  };
}

/** Mean and deviation of each channel, as data sets have them. */
const channelFacts = (x: Tensor): { mean: Tensor; deviation: Tensor } => {
  const channel = tf.range(0, x.shape.at(-1)!, 1, 'float32');
  return { mean: tf.mul(tf.sin(channel), 0.4), deviation: tf.add(tf.mul(tf.cos(channel), 0.1), 0.3) };
};

function normalised(x: Tensor): Tensor {
  const { mean, deviation } = channelFacts(x);
  return tf.div(tf.sub(x, mean), deviation);
}

/** What the first layer of a network for normalised inputs would do with its weights. */
function fromNormalised(x: Tensor): Tensor {
  const { mean, deviation } = channelFacts(x);
  return tf.add(tf.mul(x, deviation), mean);
}

/** The rows at `positions` of a problem. The tensors are the caller's. */
export function rowsOf({ x, y }: Pick<Problem, 'x' | 'y'>, positions: Int32Array): { x: Tensor; y: Tensor } {
  return tf.tidy(() => {
    const at = tf.tensor1d(positions, 'int32');
    return { x: tf.gather(x, at), y: tf.gather(y, at) };
  });
}

/** All positions in a fixed random order, or the first of them. */
export function shuffled(count: number, total: number): Int32Array {
  return permutation(3, 'order', total).slice(0, count);
}

/** The examples of a problem as a data set, in their order only. */
export function datasetOf(problem: Problem): Dataset {
  const refuse = (): never => {
    throw new Error('not used here');
  };
  return {
    name: 'sixteen examples',
    length: examples,
    inputShape: problem.model.inputShape,
    numClasses: classes,
    bounds: problem.model.bounds,
    hash: 'a'.repeat(64),
    async *batches({ size, from = 0 }: BatchOptions): AsyncIterable<Batch> {
      for (let start = from; start < examples; start += size) {
        const ids = Int32Array.from({ length: Math.min(size, examples - start) }, (_, i) => start + i);
        yield { ...rowsOf(problem, ids), ids, extras: {} };
      }
    },
    subset: refuse,
    take: refuse,
    withExtras: refuse,
  };
}
