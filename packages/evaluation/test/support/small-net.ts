import type { Attack, Batch, BatchOptions, Classifier, Dataset } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';

const size = 8;
const classes = 4;
const hidden = 24;
const epsilon = 0.15;

/** Where each class lies in the unit cube: corners of a smaller cube, blurred. */
const centres = [
  [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75],
  [0.75, 0.75, 0.25, 0.25, 0.25, 0.25, 0.75, 0.75],
  [0.25, 0.75, 0.75, 0.25, 0.75, 0.25, 0.25, 0.75],
  [0.75, 0.25, 0.75, 0.75, 0.25, 0.25, 0.25, 0.25],
];

/** `count` examples of four blurred classes in eight dimensions. */
export function blobs(count: number, seed: number): Dataset {
  const { points, labels } = draw(count, seed);
  const make = (length: number): Dataset => ({
    name: 'blobs',
    length,
    inputShape: [size],
    numClasses: classes,
    bounds: [0, 1],
    hash: `blobs-${seed}`,
    async *batches({ size: rows, from = 0 }: BatchOptions): AsyncIterable<Batch> {
      for (let start = from; start < length; start += rows) {
        const end = Math.min(length, start + rows);
        yield {
          x: tf.tensor2d(points.slice(start * size, end * size), [end - start, size]),
          y: tf.tensor1d(labels.slice(start, end), 'int32'),
          ids: Int32Array.from({ length: end - start }, (_, i) => start + i),
          extras: {},
        };
      }
    },
    take: (wanted) => make(Math.min(wanted, length)),
    subset: () => {
      throw new Error('not used here');
    },
    withExtras: () => {
      throw new Error('not used here');
    },
  });
  return make(count);
}

function draw(count: number, seed: number): { points: Float32Array; labels: Int32Array } {
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const noise = tf.tidy(() => createRandom({ seed }).normal('blobs', [count, size]).dataSync());
  const points = Float32Array.from(noise, (value, i) => {
    const centre = centres[labels[Math.floor(i / size)]!]![i % size]!;
    return Math.min(1, Math.max(0, centre + 0.1 * value));
  });
  return { points, labels };
}

/** The parts of a small network, so that a test can put something between them. */
export interface SmallNet {
  readonly model: Classifier & { dispose(): void };
  /** [n, 8] to [n, 24]. */
  hidden(x: tf.Tensor): tf.Tensor;
  /** [n, 24] to logits [n, 4]. */
  head(features: tf.Tensor): tf.Tensor;
}

/**
 * A network with one hidden layer, trained for `steps` steps; on adversarial examples of `attack`
 * where there is one.
 */
export async function trainSmallNet(attack?: Attack, steps = 80): Promise<SmallNet> {
  const random = createRandom({ seed: 7 });
  const weights = tf.tidy(() => ({
    first: tf.variable(tf.mul(0.5, random.normal('first', [size, hidden]))),
    firstBias: tf.variable(tf.zeros([hidden])),
    second: tf.variable(tf.mul(0.3, random.normal('second', [hidden, classes]))),
    secondBias: tf.variable(tf.zeros([classes])),
  }));
  const product = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor => tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D);
  const layer = (x: tf.Tensor): tf.Tensor =>
    tf.tanh(tf.add(product(tf.sub(x, 0.5), weights.first as tf.Tensor), weights.firstBias));
  const head = (features: tf.Tensor): tf.Tensor =>
    tf.add(product(features, weights.second as tf.Tensor), weights.secondBias);
  const model: SmallNet['model'] = {
    inputShape: [size],
    numClasses: classes,
    bounds: [0, 1],
    weights,
    logits: (x) => tf.tidy(() => head(layer(x))),
    dispose: () => tf.dispose(Object.values(weights)),
  };
  const { points, labels } = draw(128, 1);
  const x = tf.tensor2d(points, [128, size]);
  const y = tf.tensor1d(labels, 'int32');
  const optimizer = tf.train.adam(0.03);
  for (let step = 0; step < steps; step++) {
    const inputs = attack ? await attack.maximize(model, x, y, { norm: 'linf', epsilon }, { step }) : tf.clone(x);
    optimizer.minimize(() => meanCrossEntropy(model.logits(inputs), y) as tf.Scalar, false, Object.values(weights));
    inputs.dispose();
  }
  optimizer.dispose();
  tf.dispose([x, y]);
  return { model, hidden: layer, head };
}
