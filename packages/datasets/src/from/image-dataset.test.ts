import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { exampleImages } from '../../test/example-images.js';
import { imageDataset } from './image-dataset.js';

beforeAll(() => tf.setBackend('cpu'));

const code = (wanted: string) => expect.objectContaining({ code: wanted });
const images = exampleImages(20);
const perImage = 12;

async function idsOf(dataset: Dataset, seed: number): Promise<number[]> {
  const all: number[] = [];
  for await (const { x, y, ids } of dataset.batches({ size: 6, seed })) {
    all.push(...ids);
    tf.dispose([x, y]);
  }
  return all;
}

describe('imageDataset', () => {
  it('gives byte / 255 in float32, row by row', async () => {
    for await (const { x, y, ids } of imageDataset(images).batches({ size: 7, seed: 3 })) {
      const values = await x.data();
      const labels = await y.data();
      ids.forEach((id, row) => {
        expect(labels[row]).toBe(images.labels[id]);
        for (let i = 0; i < perImage; i++)
          expect(values[row * perImage + i]).toBe(Math.fround(images.images[id * perImage + i]! / 255));
      });
      tf.dispose([x, y]);
    }
  });

  it('keeps its bytes and makes float arrays for a batch alone', async () => {
    const count = 20_000;
    const large = imageDataset({ ...images, images: new Uint8Array(count * perImage), labels: new Uint8Array(count) });
    const before = process.memoryUsage().arrayBuffers;
    const batches = large.batches({ size: 10, seed: 1 })[Symbol.asyncIterator]();
    const { value } = await batches.next();
    // The order of the epoch is an int32 per example; a float copy of the images would be 48 bytes
    // per example.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(count * 44);
    tf.dispose([value.x, value.y]);
    await batches.return?.();
  });

  it('prepares the next batch while the consumer waits, and not after it left', async () => {
    const reads: number[] = [];
    const labels = new Proxy(Array.from(images.labels), {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads.push(Number(key));
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    const dataset = imageDataset({ ...images, labels });
    const wait = () => new Promise((resolve) => setTimeout(resolve, 15));
    const batches = dataset.batches({ size: 4 })[Symbol.asyncIterator]();
    reads.length = 0;
    const { value } = await batches.next();
    expect(reads).toEqual([0, 1, 2, 3]);
    await wait();
    expect(reads).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const second = await batches.next();
    expect(second.done).toBe(false);
    await batches.return?.();
    await wait();
    expect(reads).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await batches.next()).done).toBe(true);
    tf.dispose([value.x, value.y, second.value.x, second.value.y]);
  });

  it('leaves no timer behind when a loop ends early', async () => {
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    for await (const { x, y } of imageDataset(images).batches({ size: 2 })) {
      tf.dispose([x, y]);
      break;
    }
    expect(cleared.mock.calls.at(-1)?.[0]).toBeDefined();
    cleared.mockRestore();
  });

  it('shuffles a subset among itself', async () => {
    const subset = imageDataset(images).subset(Int32Array.of(9, 3, 7, 12, 15));
    const ids = await idsOf(subset, 2);
    expect([...ids].sort((a, b) => a - b)).toEqual([3, 7, 9, 12, 15]);
    expect(await idsOf(subset, 2)).toEqual(ids);
  });

  it('draws every order of three examples about equally often', async () => {
    const three = imageDataset(images).take(3);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 600; seed++) {
      const order = (await idsOf(three, seed)).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const expected = 100;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(6);
    expect(chiSquare).toBeLessThan(20.5); // the 99.9% point for 5 degrees of freedom
  });

  it('hashes content, not only the selection', () => {
    const hash = imageDataset(images).hash;
    const changed = images.images.slice();
    changed[17]! ^= 1;
    const others = [
      imageDataset({ ...images, images: changed }),
      imageDataset({ ...images, labels: Uint8Array.from(images.labels, (label) => (label + 1) % 3) }),
      imageDataset({ ...images, shape: [3, 2, 2] }),
      imageDataset({ ...images, numClasses: 4 }),
    ].map((other) => other.hash);
    expect(new Set([hash, ...others]).size).toBe(5);
    expect(imageDataset({ ...images, name: 'renamed', labels: Array.from(images.labels) }).hash).toBe(hash);
  });

  it('hashes as its documentation says', () => {
    const sha = (...parts: (string | Uint8Array)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
    const int32 = (values: ArrayLike<number>) => new Uint8Array(Int32Array.from(values).buffer);
    const content = sha(
      JSON.stringify({ shape: [2, 3, 2], numClasses: 3, count: 20 }),
      int32(images.labels),
      images.images,
    );
    const selection = sha(JSON.stringify({ content, extras: [] }), int32([4, 2]));
    expect(imageDataset(images).subset(Int32Array.of(4, 2)).hash).toBe(selection);
  });

  it('marks extras in the hash, and gathers rows of any rank', async () => {
    const dataset = imageDataset(images);
    const logits = tf.tensor2d(
      Array.from({ length: 60 }, (_, i) => i),
      [20, 3],
    );
    const extended = dataset.withExtras({ logits });
    expect(extended.hash).not.toBe(dataset.hash);
    for await (const { x, y, ids, extras } of extended.subset(Int32Array.of(8, 1)).batches({ size: 2, seed: 1 })) {
      expect(extras.logits.shape).toEqual([2, 3]);
      expect(Array.from(await extras.logits.data())).toEqual(
        [...ids].flatMap((id) => [3 * id, 3 * id + 1, 3 * id + 2]),
      );
      tf.dispose([x, y, extras.logits]);
    }
    expect(() => extended.withExtras({ logits })).toThrow(code('ADVROB_OPTION'));
    logits.dispose();
    const tensors = tf.memory().numTensors;
    await expect(extended.batches({ size: 2 })[Symbol.asyncIterator]().next()).rejects.toThrow(code('ADVROB_DISPOSED'));
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([
    ['bytes missing', { images: images.images.subarray(1) }, 'ADVROB_SHAPE'],
    ['a label too many', { labels: [...Array.from(images.labels), 0] }, 'ADVROB_SHAPE'],
    ['an empty side', { shape: [0, 3, 2] as const }, 'ADVROB_SHAPE'],
    ['too few class names', { classNames: ['a'] }, 'ADVROB_SHAPE'],
    ['a label out of range', { numClasses: 2 }, 'ADVROB_LABEL'],
    ['a label that is no whole number', { labels: Array.from(images.labels, (label) => label / 2) }, 'ADVROB_LABEL'],
    ['a NaN label', { labels: Array.from(images.labels, () => Number.NaN) }, 'ADVROB_LABEL'],
  ])('refuses %s', (_, change, wanted) => {
    expect(() => imageDataset({ ...images, ...change })).toThrow(code(wanted));
  });
});
