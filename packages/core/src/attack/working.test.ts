import { expect, it } from 'vitest';
import { bucket, keepOf } from './working.js';

const counts = Array.from({ length: 1000 }, (_, i) => i + 1);

it('a bucket holds its rows, and never twice as many nor 64 more', () => {
  for (const count of counts) {
    const size = bucket(count);
    expect(size).toBeGreaterThanOrEqual(count);
    expect(size).toBeLessThan(Math.min(2 * count, count + 64));
  }
});

it('a batch of up to 256 rows shrinks to at most 14 sizes, each of them its own bucket', () => {
  const sizes = [...new Set(counts.slice(0, 256).map(bucket))];
  expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 160, 192, 224, 256]);
  for (const size of sizes) expect(bucket(size)).toBe(size);
});

it('kept rows are all wanted ones, filled up to the bucket from the front', () => {
  expect(keepOf([1, 4, 5], 10)).toEqual([0, 1, 4, 5]);
  expect(keepOf([7, 9], 10)).toEqual([7, 9]);
  const open = Array.from({ length: 212 }, (_, i) => i + 38);
  expect(keepOf(open, 250)).toEqual([...Array.from({ length: 12 }, (_, i) => i), ...open]);
});

it('nothing is dropped when the bucket is as large as the batch', () => {
  expect(keepOf([0, 1, 2], 4)).toBeUndefined();
  expect(keepOf([0, 1, 2], 3)).toBeUndefined();
});
