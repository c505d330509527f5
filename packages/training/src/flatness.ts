import {
  AdvrobError,
  settle,
  type Attack,
  type Classifier,
  type Dataset,
  type Extras,
  type Threat,
} from '@advrob/core';
import { meanOf } from '@advrob/core/statistics';
import { crossEntropy } from '@advrob/core/losses';
import { createRandom } from '@advrob/core/random';
import { labelsOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { withWeights } from './weights/with-weights.js';

export interface FlatnessOptions {
  /**
   * Finds the adversarial examples, once, at the weights as they are: they stay frozen. Default:
   * clean examples. Needs `threat`.
   */
  readonly attack?: Attack | undefined;
  readonly threat?: Threat | undefined;
  /** Length t of the perturbation relative to each filter. Default 0.3. */
  readonly length?: number | undefined;
  /** Random directions, at least one. Default 5. */
  readonly directions?: number | undefined;
  /** Of directions and attack. Default 0. */
  readonly seed?: number | undefined;
  /** Default 128. */
  readonly batchSize?: number | undefined;
}

/** What moving the weights does, as means over directions and examples. */
export interface Flatness {
  /** Cross-entropy at the weights themselves, in nats. */
  readonly loss: number;
  /** Share of wrong predictions there. */
  readonly error: number;
  /**
   * Mean probability of the predicted class there: smoother outputs alone lower the increases of
   * the loss.
   */
  readonly confidence: number;
  /** Measure F2: E_d[L(w + t d) - L(w)]. */
  readonly lossIncrease: number;
  /** The same divided by the loss at w. */
  readonly relativeIncrease: number;
  /** The same of the share of wrong predictions, which the scale of the outputs does not change. */
  readonly errorIncrease: number;
  /** `lossIncrease` of each direction. */
  readonly perDirection: readonly number[];
}

/**
 * Flatness of the loss around a model's weights (Li et al. 2018, https://arxiv.org/abs/1712.09913,
 * section 4): the mean increase of cross-entropy and of the 0/1 error, in `eval` mode, when the
 * weights move by `length` along random directions normalised filter by filter; biases and batch
 * norm stay. Cross-entropy alone favours unsure models: read the other increases beside it.
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range, `ADVROB_ATTACK_MISSING` for an
 *   attack without a threat.
 * @example
 * ```ts
 * import { flatness } from '@advrob/training';
 * const threat = { norm: 'linf', epsilon: 0.1 } as const;
 * const attack = pgd({ steps: 20 });
 * const { errorIncrease } = await flatness(model, test.take(1000), { attack, threat });
 * ```
 */
export async function flatness<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  options: FlatnessOptions = {},
): Promise<Flatness> {
  const { length = 0.3, directions = 5, seed = 0 } = options;
  checkOptions(options, length, directions);
  const batches = await collect(model, data, options);
  try {
    const here = await measure(model, batches);
    const moved: Sums[] = [];
    for (let step = 0; step < directions; step++) {
      const random = createRandom({ seed, step });
      const change = (name: string, weight: Tensor) =>
        filterNormalized(weight, length, (shape) => random.normal(`flatness/${name}`, shape));
      moved.push(await withWeights(model, change, () => measure(model, batches)));
    }
    const perDirection = moved.map(({ loss }) => loss - here.loss);
    const lossIncrease = meanOf(perDirection);
    return {
      ...here,
      lossIncrease,
      relativeIncrease: lossIncrease / here.loss,
      errorIncrease: meanOf(moved.map(({ error }) => error - here.error)),
      perDirection,
    };
  } finally {
    tf.dispose(batches.flatMap(({ x, y }) => [x, y]));
  }
}

interface Frozen {
  readonly x: Tensor;
  readonly y: Tensor;
}
interface Sums {
  readonly loss: number;
  readonly error: number;
  readonly confidence: number;
}

function checkOptions({ attack, threat }: FlatnessOptions, length: number, directions: number): void {
  if (!(length > 0 && Number.isFinite(length) && Number.isSafeInteger(directions) && directions > 0))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `flatness: expected a length above 0 and at least one direction, got ${length} and ${directions}`,
    );
  if (attack && !threat)
    throw new AdvrobError('ADVROB_ATTACK_MISSING', 'flatness: an attack needs a threat: pass both or none');
}

/** All examples, attacked if there is an attack. The tensors are the caller's. */
async function collect<E extends Extras>(
  model: Classifier,
  data: Dataset<E>,
  { attack, threat, seed = 0, batchSize = 128 }: FlatnessOptions,
): Promise<Frozen[]> {
  const found: Frozen[] = [];
  for await (const { x, y, ids, extras } of data.batches({ size: batchSize })) {
    tf.dispose(extras);
    if (!attack || !threat) found.push({ x, y });
    else {
      found.push({ x: await attack.maximize(model, x, y, threat, { seed, ids }), y });
      x.dispose();
    }
    await settle(found.at(-1)!.x);
  }
  return found;
}

async function measure(model: Classifier, batches: readonly Frozen[]): Promise<Sums> {
  const total = tf.tidy(() => tf.addN(batches.map(({ x, y }) => sums(model, x, y))));
  try {
    await settle(total);
    const [loss, error, confidence] = Array.from(await total.data()) as [number, number, number];
    const count = batches.reduce((sum, { x }) => sum + x.shape[0]!, 0);
    return { loss: loss / count, error: error / count, confidence: confidence / count };
  } finally {
    total.dispose();
  }
}

/** Sums of loss, errors and confidence over a batch, [3]. */
function sums(model: Classifier, x: Tensor, y: Tensor): Tensor {
  const logits = model.logits(x) as Tensor2D;
  const isWrong = tf.cast(tf.notEqual(labelsOf(logits), y), 'float32');
  const confidence = tf.max(tf.softmax(logits), 1);
  return tf.stack([tf.sum(crossEntropy(logits, y)), tf.sum(isWrong), tf.sum(confidence)]);
}

/**
 * A random direction for one weight tensor, normalised filter by filter (Li et al. 2018,
 * https://arxiv.org/abs/1712.09913): each slice along the last axis, i.e. what makes one output
 * unit, is `length` times as long as that slice of the weight. Undefined for biases and batch norm,
 * which stay.
 *
 * @param draw Gives standard normal values.
 */
export function filterNormalized(
  weight: Tensor,
  length: number,
  draw: (shape: readonly number[]) => Tensor,
): Tensor | undefined {
  if (weight.rank < 2) return undefined;
  const direction = draw(weight.shape);
  const axes = Array.from({ length: weight.rank - 1 }, (_, axis) => axis);
  const norm = (tensor: Tensor): Tensor => tf.sqrt(tf.sum(tf.square(tensor), axes, true));
  return tf.mul(direction, tf.div(tf.mul(norm(weight), length), tf.add(norm(direction), 1e-20)));
}
