import { expect, it } from 'vitest';
import { repeatedNumber } from './arrays.js';

it.each([
  ['ones', new Float32Array(1000).fill(1), 1],
  ['a number', Float32Array.of(3), 3],
  ['integers', Int32Array.of(7, 7, 7), 7],
  ['bytes', Uint8Array.of(1, 1), 1],
  ['a part of a larger array', Float32Array.of(0, 2, 2, 2, 0).subarray(1, 4), 2],
  ['a plain array', [4, 4], 4],
  ['minus zeros', Float32Array.of(-0, -0), -0],
  ['zeros of both signs', Float32Array.of(0, -0, 0), null],
  ['one other element', Float32Array.of(1, 1, 2, 1), null],
  ['nothing', new Float32Array(0), null],
])('%s', (_name, values, expected) => {
  expect(repeatedNumber(values)).toBe(expected);
});
