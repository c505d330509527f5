import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Augmentation } from '@advrob/core';
import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { erm, fit, free, randomCrop, randomFlip } from '../index.js';
import { tinyData } from '../../test/support/tiny-data.js';
import { tinyModel } from '../../test/support/tiny-model.js';

let tensorsBefore: number;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const [height, width, channels] = [5, 4, 2];
type Image = number[][][];

/** Every value of every image is another number. */
const images = (count: number) =>
  tf.tidy(() =>
    tf.add(tf.reshape(tf.range(0, count * height * width * channels), [count, height, width, channels]), 1),
  );

async function augmented(change: Augmentation, ids: number[], step = 0): Promise<Image[]> {
  const x = images(Math.max(...ids) + 1);
  const rows = tf.tidy(() => tf.gather(x, tf.tensor1d(ids, 'int32')));
  const out = tf.tidy(() => change(rows, createRowRandom({ seed: 4, ids: Int32Array.from(ids), step })));
  expect(out.shape).toEqual(rows.shape);
  const values = (await out.array()) as Image[];
  tf.dispose([x, rows, out]);
  return values;
}

const originals = async (count: number): Promise<Image[]> => {
  const x = images(count);
  const values = (await x.array()) as Image[];
  x.dispose();
  return values;
};

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

it('refuses what is no image', () => {
  const x = tf.zeros([2, 4]);
  const rng = createRowRandom({ seed: 0, ids: Int32Array.of(0, 1) });
  for (const change of [randomCrop(), randomFlip()])
    expect(() => tf.tidy(() => change(x, rng))).toThrowError(expect.objectContaining({ code: 'ADVROB_SHAPE' }));
  x.dispose();
});

describe('fit', () => {
  const shifted: Augmentation = (x, rng) => tf.add(x, tf.expandDims(rng.uniform('shift', [], 10, 11), 1));

  /** The inputs that the objective gets, draw by draw. */
  async function inputsOf(augmentations: Augmentation[], objective: 'erm' | 'free' = 'erm'): Promise<number[][]> {
    const model = tinyModel();
    const seen: number[][] = [];
    const made = objective === 'erm' ? erm() : free({ replays: 2 });
    const run = fit({
      model,
      data: tinyData({ length: 8 }),
      objective: {
        ...(made as ReturnType<typeof erm>),
        async prepare(batch, context) {
          seen.push(Array.from(await batch.x.data()));
          return made.prepare(batch, context) as never;
        },
      },
      threat: { norm: 'linf', epsilon: 0.1 },
      augmentations,
      validation: { data: tinyData({ length: 8 }), measure: async () => ({ score: 0, metrics: {} }) },
      batchSize: 4,
      epochs: 2,
    });
    await run;
    made.dispose?.();
    model.dispose!();
    return seen;
  }

  it('augments what the objective sees, in order, anew in each pass', async () => {
    const plain = await inputsOf([]);
    const seen = await inputsOf([shifted, (x) => tf.mul(x, 2)]);
    const shifts = seen.map((batch, i) => batch.map((value, at) => value / 2 - plain[i]![at]!));
    for (const batch of shifts)
      for (const [at, shift] of batch.entries()) {
        expect(shift).toBeGreaterThanOrEqual(10 - 1e-5);
        expect(shift).toBeLessThan(11);
        expect(shift).toBeCloseTo(batch[4 * Math.floor(at / 4)]!, 4);
      }
    expect(new Set(shifts.map(([shift]) => shift!.toFixed(4))).size).toBe(4);
  });

  it('draws each stage apart', async () => {
    const both = await inputsOf([shifted, shifted]);
    const plain = await inputsOf([]);
    const once = await inputsOf([shifted]);
    const [first, sum] = [once[0]![0]! - plain[0]![0]!, both[0]![0]! - plain[0]![0]!];
    expect(Math.abs(sum - 2 * first)).toBeGreaterThan(1e-3);
  });

  it('gives a replayed batch the same augmentation', async () => {
    const seen = await inputsOf([shifted], 'free');
    expect(seen).toHaveLength(8);
    for (let draw = 0; draw < 8; draw += 2) expect(seen[draw]).toEqual(seen[draw + 1]);
    expect(seen[0]).not.toEqual(seen[2]);
  });

  it('refuses a checkpoint of other augmentations', async () => {
    const { memoryStorage } = await import('@advrob/core');
    const storage = memoryStorage();
    const run = (padding: number) => {
      const model = tinyModel();
      const own = { ...model, inputShape: [4] };
      return fit({
        model: own,
        data: tinyData(),
        objective: erm(),
        augmentations: [
          Object.assign((x: tf.Tensor) => tf.clone(x), { origin: { name: 'crop', options: { padding } } }),
        ],
        batchSize: 8,
        steps: 2,
        checkpoint: { storage },
      }).finally(() => model.dispose!());
    };
    await run(4);
    await expect(run(2)).rejects.toMatchObject({ code: 'ADVROB_CHECKPOINT_MISMATCH' });
  });
});
