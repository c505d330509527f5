import { settle, type Classifier } from '@advrob/core';
import { labelsOf } from '@advrob/core/rows';
import { meanOf } from '@advrob/core/statistics';
import * as tf from '@tensorflow/tfjs-core';
import type { Normalization } from '../layers/normalize.js';

/** A way in which images in [0, 1] are brought to what networks expect. */
export interface InputForm {
  /** As words of a sentence: 'bytes, from 0 to 255'. */
  readonly words: string;
  readonly normalization: Normalization;
}

const usual: readonly (InputForm & { readonly channels?: number })[] = [
  { words: 'bytes, from 0 to 255', normalization: { mean: 0, std: 1 / 255 } },
  { words: 'values from -1 to 1', normalization: { mean: 0.5, std: 0.5 } },
  {
    words: "images normalised by ImageNet's mean and deviation",
    channels: 3,
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  {
    words: "images normalised by CIFAR-10's mean and deviation",
    channels: 3,
    normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2471, 0.2435, 0.2616] },
  },
  {
    words: "images normalised by MNIST's mean and deviation",
    channels: 1,
    normalization: { mean: 0.1307, std: 0.3081 },
  },
];

/** What {@link likelyInput} found. */
export interface LikelyInput extends InputForm {
  /** Share of the examples classified rightly as inputs are, and when they come in this form. */
  readonly accuracy: number;
  readonly better: number;
}

/**
 * A form is telling when it is right on a tenth of the examples more, and that is at least so many
 * standard errors of the difference (McNemar).
 */
const leastGain = 0.1;
const leastErrors = 4;
/**
 * It must also beat guessing, over the examples and over the classes: a network that was never
 * trained puts whole classes together, so that a few classes are right by chance at once.
 */
const leastClassErrors = 2;

/**
 * Looks whether a classifier of images in [0, 1] was trained on another form of them: bytes, [-1,
 * 1], or normalised by the usual means and deviations. Undefined when it does best, or nearly so,
 * on images as they are, and when it guesses in every form, as a network that was never trained.
 * Nothing is known from fewer than 50 examples; 200 are enough.
 *
 * @param x Images [n, height, width, channels] in [0, 1]. Stays the caller's, as does `y` [n].
 * @example
 * ```ts
 * const other = await likelyInput(model, x, y);
 * if (other) console.log(`expects ${other.words}: ${other.better} instead of ${other.accuracy}`);
 * ```
 */
export async function likelyInput(
  model: Pick<Classifier, 'logits'>,
  x: tf.Tensor,
  y: tf.Tensor,
): Promise<LikelyInput | undefined> {
  const count = x.shape[0]!;
  if (count < 50) return undefined;
  const rightIn = async ({ mean, std }: Normalization): Promise<ArrayLike<number>> => {
    const right = tf.tidy(() => {
      const inputs = tf.div(tf.sub(x, tf.tensor(mean)), tf.tensor(std));
      return tf.cast(tf.equal(labelsOf(model.logits(inputs)), y), 'int32');
    });
    await settle(right);
    const values = await right.data();
    right.dispose();
    return values;
  };
  const labels = await y.data();
  const asGiven = await rightIn({ mean: 0, std: 1 });
  const accuracy = shareOf(asGiven);
  let best: LikelyInput | undefined;
  for (const { channels, ...form } of usual) {
    if (channels !== undefined && channels !== x.shape.at(-1)) continue;
    const right = await rightIn(form.normalization);
    const better = shareOf(right);
    if (isTelling(asGiven, right) && beatsGuessing(right, labels) && better > (best?.better ?? 0))
      best = { ...form, accuracy, better };
  }
  return best;
}

function shareOf(right: ArrayLike<number>): number {
  return meanOf(Array.from(right));
}

function isTelling(asGiven: ArrayLike<number>, right: ArrayLike<number>): boolean {
  const changes = Array.from(right, (one, i) => one - asGiven[i]!);
  const gain = changes.reduce((sum, change) => sum + change, 0);
  const changed = changes.filter((change) => change !== 0).length;
  return gain >= leastGain * right.length && gain >= leastErrors * Math.sqrt(changed);
}

/** Whether a share is above that of the commonest label by more than chance explains. */
function beatsGuessing(right: ArrayLike<number>, labels: ArrayLike<number>): boolean {
  const byClass = new Map<number, number[]>();
  for (let i = 0; i < right.length; i++) {
    const label = labels[i]!;
    byClass.set(label, [...(byClass.get(label) ?? []), right[i]!]);
  }
  const classes = [...byClass.values()];
  const guess = Math.max(...classes.map(({ length }) => length)) / right.length;
  const share = shareOf(right);
  const recalls = classes.map(meanOf);
  const recall = meanOf(recalls);
  const spread = meanOf(recalls.map((each) => (each - recall) ** 2));
  return (
    share - leastErrors * Math.sqrt((share * (1 - share)) / right.length) > guess &&
    recall - leastClassErrors * Math.sqrt(spread / Math.max(classes.length - 1, 1)) > 1 / classes.length
  );
}
