import { expect, it } from 'vitest';
import { ArrayPool } from './pool.js';

it('gives back arrays of the asked type and size', () => {
  const pool = new ArrayPool(1e6);
  const array = new Float32Array(2000);
  pool.give('float32', array);
  expect(pool.heldBytes).toBe(8000);
  expect(pool.take('int32', 2000)).toBeInstanceOf(Int32Array);
  expect(pool.take('float32', 2001)).toHaveLength(2001);
  expect(pool.take('float32', 2000)).toBe(array);
  expect(pool.take('float32', 2000)).not.toBe(array);
  expect(pool.heldBytes).toBe(0);
});

it('drops the oldest beyond its limit', () => {
  const pool = new ArrayPool(20_000);
  const [old, middle, recent] = [2000, 2100, 2200].map((size) => new Float32Array(size));
  pool.give('float32', old!);
  pool.give('float32', middle!);
  pool.give('float32', recent!);
  expect(pool.heldBytes).toBe(4 * (2100 + 2200));
  expect(pool.take('float32', 2000)).not.toBe(old);
  expect(pool.take('float32', 2100)).toBe(middle);
  expect(pool.take('float32', 2200)).toBe(recent);
});
