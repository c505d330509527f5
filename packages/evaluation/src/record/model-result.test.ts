import { describe, expect, it } from 'vitest';
import { decodeFloats, encodeFloats, toBase64 } from './model-result.js';

describe('float32 values as text', () => {
  it('keeps every bit', () => {
    const values = Float32Array.of(0, -0, 1 / 3, -1e-40, 3.4e38, Math.fround(0.1));
    expect(new Uint32Array(decodeFloats(encodeFloats(values)).buffer)).toEqual(new Uint32Array(values.buffer));
  });
});

describe('toBase64', () => {
  it('is what btoa makes of bytes, at every length', () => {
    for (let length = 0; length < 9; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => 255 - 37 * i);
      expect(toBase64(bytes)).toBe(btoa(String.fromCharCode(...bytes)));
    }
  });
});
