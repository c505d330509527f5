import { AdvrobError, type Classifier, type Dataset, type Norm } from '@advrob/core';
import { exactDistances } from '@advrob/core/attack';
import { encodePng } from '@advrob/datasets/pictures';
import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { writeAtomically } from '../storage/files.js';

/** What an attack made of examples: values [n, ...inputShape], and numbers [n], in data-set order. */
export interface Crafted {
  readonly x: Float32Array;
  readonly adversarial: Float32Array;
  readonly label: Int32Array;
  readonly prediction: Int32Array;
  readonly success: Int32Array;
  readonly distance: Float32Array;
}

/** How examples were attacked. */
interface Attacked {
  readonly model: Classifier;
  readonly data: Dataset;
  readonly norm: Norm;
  readonly epsilon: number;
}

/** What became of adversarial examples as pictures of 8 bits. */
export interface SavedPictures {
  readonly folder: string;
  /** Examples that fooled the model by the attack, each saved beside its original. */
  readonly examples: number;
  /** Of them those that still fool it, rounded to whole levels as the files hold them. */
  readonly fooling: number;
  /** And lie in the ball, too. */
  readonly foolingInside: number;
}

/** @throws AdvrobError `ADVROB_USAGE` when examples are no pictures. */
export function checkPictures({ name, inputShape }: Dataset): void {
  if (inputShape.length === 3 && (inputShape[2] === 1 || inputShape[2] === 3)) return;
  throw new AdvrobError(
    'ADVROB_USAGE',
    `--save-pictures: expected pictures [height, width, 1 or 3], '${name}' has inputs [${inputShape.join(', ')}]: leave the flag out`,
  );
}

/** Rows judged at once. */
const atOnce = 100;

/**
 * Saves each example that fooled a model by an attack as two PNG files, `<id>-<class>.png` and
 * `<id>-<class>-as-<class>.png`, in the order of the data set, and classifies the second ones as
 * they are in the files: rounding to 8 bits may move a point over the boundary or out of the ball.
 */
export async function savePictures(
  folder: string,
  crafted: Crafted & { readonly ids: Int32Array },
  attacked: Attacked,
): Promise<SavedPictures> {
  const { model, data, norm, epsilon } = attacked;
  const size = data.inputShape.reduce((product, extent) => product * extent, 1);
  const fooled = Array.from(crafted.success.keys()).filter((row) => crafted.success[row] && crafted.distance[row]! > 0);
  let [fooling, foolingInside] = [0, 0];
  for (let start = 0; start < fooled.length; start += atOnce) {
    const rows = fooled.slice(start, start + atOnce);
    const rounded = new Float32Array(rows.length * size);
    const clean = new Float32Array(rows.length * size);
    for (const [place, row] of rows.entries()) {
      const x = crafted.x.subarray(row * size, (row + 1) * size);
      const levels = levelsOf(crafted.adversarial.subarray(row * size, (row + 1) * size), data.bounds);
      const name = `${String(crafted.ids[row]).padStart(6, '0')}-${className(data, crafted.label[row]!)}`;
      await savePicture(join(folder, `${name}.png`), levelsOf(x, data.bounds), data);
      await savePicture(join(folder, `${name}-as-${className(data, crafted.prediction[row]!)}.png`), levels, data);
      rounded.set(valuesOf(levels, data.bounds), place * size);
      clean.set(x, place * size);
    }
    const predictions = await classified(model, rounded, rows.length);
    const distances = exactDistances(norm, rounded, clean, rows.length);
    rows.forEach((row, place) => {
      if (predictions[place] === crafted.label[row]) return;
      fooling++;
      // float32 values of the two points: their distance is known to about 1e-6 of it.
      if (distances[place]! <= epsilon * (1 + 1e-6)) foolingInside++;
    });
  }
  return { folder, examples: fooled.length, fooling, foolingInside };
}

export function picturesText({ folder, examples, fooling, foolingInside }: SavedPictures): string {
  return `pictures of the ${examples} that fool the model: ${folder}; rounded to 8 bits ${fooling} still do, ${foolingInside} of them inside the ball`;
}

function levelsOf(values: Float32Array, [low, high]: readonly [number, number]): Uint8Array {
  return Uint8Array.from(values, (value) => Math.round(((value - low) / (high - low)) * 255));
}

function valuesOf(levels: Uint8Array, [low, high]: readonly [number, number]): Float32Array {
  return Float32Array.from(levels, (level) => low + (level / 255) * (high - low));
}

async function savePicture(path: string, data: Uint8Array, { inputShape }: Dataset): Promise<void> {
  const [height, width, channels] = inputShape as [number, number, 1 | 3];
  await writeAtomically(path, encodePng({ width, height, channels, data, most: 255 }));
}

/** A class in the name of a file. */
function className({ classNames }: Dataset, label: number): string {
  const [name = ''] = (classNames?.[label] ?? '').split(',');
  return (
    name
      .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
      .slice(0, 40)
      .replace(/^_$/, '') || String(label)
  );
}

async function classified(model: Classifier, values: Float32Array, count: number): Promise<ArrayLike<number>> {
  const classes = tf.tidy(() => tf.argMax(model.logits(tf.tensor(values, [count, ...model.inputShape])), 1));
  try {
    return await classes.data();
  } finally {
    classes.dispose();
  }
}
