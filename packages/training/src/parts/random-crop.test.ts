import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { augmented, channels, originals, type Image } from '../../test/support/numbered-images.js';
import { randomCrop } from './random-crop.js';
import { randomFlip } from './random-flip.js';

expectNoLeaks();

/** The image moved by whole pixels, `fill` where nothing is. */
const moved = (image: Image, down: number, right: number, fill: number): Image =>
  image.map((row, i) => row.map((_, j) => image[i + down]?.[j + right] ?? Array<number>(channels).fill(fill)));

describe('randomCrop', () => {
  it('moves each image by up to the padding, all places alike, and fills the sides', async () => {
    const ids = Array.from({ length: 300 }, (_, id) => id);
    const found = await augmented(randomCrop({ padding: 2, fill: -7 }), ids);
    const before = await originals(300);
    const counts = new Map<string, number>();
    for (const [id, image] of found.entries()) {
      const places: string[] = [];
      for (let down = -2; down <= 2; down++)
        for (let right = -2; right <= 2; right++)
          if (JSON.stringify(moved(before[id]!, down, right, -7)) === JSON.stringify(image))
            places.push(`${down} ${right}`);
      expect(places).toHaveLength(1);
      counts.set(places[0]!, (counts.get(places[0]!) ?? 0) + 1);
    }
    // 300 over 25 places, 12 each: fewer than 2 or more than 30 has a probability below 1e-5.
    expect(counts.size).toBe(25);
    for (const count of counts.values()) expect(count).toBeLessThan(30);
  });

  it('gives an example the same in any batch, and another place in another step', async () => {
    const crop = randomCrop();
    const [all, alone, later] = [
      await augmented(crop, [0, 1, 2, 3, 4, 5]),
      await augmented(crop, [4]),
      await augmented(crop, [0, 1, 2, 3, 4, 5], 1),
    ];
    expect(alone[0]).toEqual(all[4]);
    expect(later).not.toEqual(all);
  });
});

it('refuses what is no image', () => {
  const x = tf.zeros([2, 4]);
  const rng = createRowRandom({ seed: 0, ids: Int32Array.of(0, 1) });
  for (const change of [randomCrop(), randomFlip()])
    expect(() => tf.tidy(() => change(x, rng))).toThrowError(expect.objectContaining({ code: 'ADVROB_SHAPE' }));
  x.dispose();
});
