import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fixedCost, survivesDamage } from '../../test/damaged.js';
import { idxFile, idxSamples } from '../../test/example-files.js';
import { parseIdx } from './idx.js';

describe('parseIdx', () => {
  it('reads bytes of any rank without copying them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (shape) => {
        const count = shape.reduce((product, size) => product * size, 1);
        const values = Uint8Array.from({ length: count }, (_, i) => (i * 91) % 256);
        const file = idxFile(shape, values);
        const parsed = parseIdx(file);
        expect(parsed.type).toBe('uint8');
        expect(parsed.shape).toEqual(shape);
        expect(Array.from(parsed.data)).toEqual(Array.from(values));
        expect(parsed.data.buffer).toBe(file.buffer);
      }),
    );
  });

  it.each([
    [0x09, 'int8', [0xff, 0x80, 0x7f], [-1, -128, 127]],
    [0x0b, 'int16', [0xff, 0xfe, 0x01, 0x00], [-2, 256]],
    [0x0c, 'int32', [0x80, 0, 0, 0, 0, 0, 1, 2], [-(2 ** 31), 258]],
    [0x0d, 'float32', [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], [1, -2]],
    [0x0e, 'float64', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], [1.5]],
  ] as const)('reads type 0x%s, %s', (code, type, bytes, values) => {
    const parsed = parseIdx(idxFile([values.length], bytes, code));
    expect(parsed.type).toBe(type);
    expect(Array.from(parsed.data)).toEqual([...values]);
  });

  it('reads a file that lies at an odd place in a larger buffer', () => {
    const file = idxFile([2], [0, 1, 0, 2], 0x0b);
    const shifted = Uint8Array.of(9, ...file, 9).subarray(1, 1 + file.length);
    expect(Array.from(parseIdx(shifted).data)).toEqual([1, 2]);
  });

  const good = idxFile([2, 3], [1, 2, 3, 4, 5, 6]);
  const edited = (at: number, ...bytes: number[]) => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  it.each([
    ['an empty file', new Uint8Array(), 'ADVROB_DATA_TRUNCATED'],
    ['a header cut short', good.subarray(0, 9), 'ADVROB_DATA_TRUNCATED'],
    ['values cut short', good.subarray(0, -1), 'ADVROB_DATA_TRUNCATED'],
    ['trailing bytes', Uint8Array.of(...good, 0), 'ADVROB_DATA_OVERSIZED'],
    ['a wrong magic number', edited(0, 0x1f, 0x8b), 'ADVROB_DATA_FORMAT'],
    ['an unknown type', edited(2, 0x0a), 'ADVROB_DATA_FORMAT'],
    ['no dimension', edited(3, 0), 'ADVROB_DATA_FORMAT'],
    ['255 dimensions', edited(3, 255), 'ADVROB_DATA_TRUNCATED'],
    ['an empty dimension', edited(4, 0, 0, 0, 0), 'ADVROB_DATA_FORMAT'],
    ['a count of 2^32 - 1', edited(4, 255, 255, 255, 255), 'ADVROB_DATA_TRUNCATED'],
    ['sizes whose product overflows', edited(4, 255, 255, 255, 255, 255, 255, 255, 255), 'ADVROB_DATA_TRUNCATED'],
    ['a type four times as large', edited(2, 0x0c), 'ADVROB_DATA_TRUNCATED'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => parseIdx(bytes, 'digits')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('digits') }),
    );
  });
});

survivesDamage('parseIdx', {
  samples: idxSamples,
  parse: (bytes) => parseIdx(bytes),
  fixed: fixedCost,
  codes: ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_OVERSIZED'],
});
