import { describe, expect, it } from 'vitest';
import { decodeFloats, encodeFloats } from './model-result.js';

describe('float32 values as text', () => {
  it('keeps every bit', () => {
    const values = Float32Array.of(0, -0, 1 / 3, -1e-40, 3.4e38, Math.fround(0.1));
    expect(new Uint32Array(decodeFloats(encodeFloats(values)).buffer)).toEqual(new Uint32Array(values.buffer));
  });
});
