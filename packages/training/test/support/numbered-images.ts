import type { Augmentation } from '@advrob/core';
import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

export const [height, width, channels] = [5, 4, 2];
export type Image = number[][][];

/** Every value of every image is another number. */
const images = (count: number) =>
  tf.tidy(() =>
    tf.add(tf.reshape(tf.range(0, count * height * width * channels), [count, height, width, channels]), 1),
  );

/** Images with these numbers after a change. */
export async function augmented(change: Augmentation, ids: number[], step = 0): Promise<Image[]> {
  const x = images(Math.max(...ids) + 1);
  const rows = tf.tidy(() => tf.gather(x, tf.tensor1d(ids, 'int32')));
  const out = tf.tidy(() => change(rows, createRowRandom({ seed: 4, ids: Int32Array.from(ids), step })));
  expect(out.shape).toEqual(rows.shape);
  const values = (await out.array()) as Image[];
  tf.dispose([x, rows, out]);
  return values;
}

/** The first images as they are. */
export const originals = async (count: number): Promise<Image[]> => {
  const x = images(count);
  const values = (await x.array()) as Image[];
  x.dispose();
  return values;
};
