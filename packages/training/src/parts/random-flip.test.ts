import { describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { augmented, originals } from '../../test/support/numbered-images.js';
import { randomFlip } from './random-flip.js';

expectNoLeaks();

describe('randomFlip', () => {
  it('mirrors about half of the images, left to right', async () => {
    const ids = Array.from({ length: 200 }, (_, id) => id);
    const [found, before] = [await augmented(randomFlip(), ids), await originals(200)];
    let flipped = 0;
    for (const [id, image] of found.entries()) {
      const mirrored = before[id]!.map((row) => [...row].reverse());
      if (JSON.stringify(image) === JSON.stringify(mirrored)) flipped += 1;
      else expect(image).toEqual(before[id]);
    }
    // 200 tosses: outside of 65 to 135 has a probability below 1e-6.
    expect(flipped).toBeGreaterThan(65);
    expect(flipped).toBeLessThan(135);
  });

  it.each([0, 1])('with probability %d', async (probability) => {
    const found = await augmented(randomFlip({ probability }), [0, 1]);
    const before = await originals(2);
    expect(found).toEqual(probability === 0 ? before : before.map((image) => image.map((row) => [...row].reverse())));
  });
});
