import { linearClassifier } from '@advrob/core/testing';
import { imageDataset } from '@advrob/datasets';
import { decodePicture } from '@advrob/datasets/pictures';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkPictures, picturesText, savePictures } from './pictures.js';

/** Two pixels; the brighter one is the class. */
const images = Uint8Array.of(105, 100, 101, 100, 120, 100, 1, 9);
const data = imageDataset({
  name: 'two',
  images,
  labels: [0, 0, 0, 0],
  shape: [1, 2, 1],
  numClasses: 2,
  classNames: ['left, or first', '../right'],
});
const levels = [100.2, 101, 100.6, 100.7, 110, 110.6, 1, 9];
const crafted = {
  ids: Int32Array.of(0, 1, 2, 3),
  x: Float32Array.from(images, (byte) => byte / 255),
  adversarial: Float32Array.from(levels, (level) => level / 255),
  label: new Int32Array(4),
  prediction: Int32Array.of(1, 1, 1, 1),
  success: Int32Array.of(1, 1, 1, 1),
  // The last one was wrong without an attack.
  distance: Float32Array.of(4.8 / 255, 0.7 / 255, 10.6 / 255, 0),
};

it('saves what fools the model beside its originals, and says what rounding to 8 bits leaves of it', async () => {
  await tf.setBackend('cpu');
  const weights = [
    [1, 0],
    [0, 1],
  ];
  const model = linearClassifier({ weights, bias: [0, 0], inputShape: [1, 2, 1] });
  const folder = await mkdtemp(join(tmpdir(), 'advrob-pictures-'));
  const tensors = tf.memory().numTensors;
  try {
    const saved = await savePictures(folder, crafted, { model, data, norm: 'linf', epsilon: 10.7 / 255 });
    // The second one becomes 101, 101; the third one 110, 111, 11 levels away.
    expect(saved).toEqual({ folder, examples: 3, fooling: 2, foolingInside: 1 });
    expect(picturesText(saved)).toContain('of the 3 that fool the model');
    const names = (await readdir(folder)).sort();
    expect(names.slice(0, 2)).toEqual(['000000-left-as-_right.png', '000000-left.png'].sort());
    expect(names).toHaveLength(6);
    const read = async (name: string) => [...(await decodePicture(await readFile(join(folder, name)))).data];
    expect(await read('000002-left.png')).toEqual([120, 100]);
    expect(await read('000002-left-as-_right.png')).toEqual([110, 111]);
    expect(tf.memory().numTensors).toBe(tensors);
  } finally {
    model.dispose();
    await rm(folder, { recursive: true });
  }
});

it('refuses data that are no pictures', () => {
  checkPictures(data);
  expect(() => checkPictures({ ...data, inputShape: [4] })).toThrow(/--save-pictures.*ADVROB_USAGE/);
});
