import { describe, expect, it } from 'vitest';
import expected from '../../test/files/npz.json' with { type: 'json' };
import { fixedCost, survivesDamage } from '../../test/damaged.js';
import { fileBytes } from '../../test/test-files.js';
import { parseNpy } from './npy.js';

describe('parseNpy', () => {
  it.each(Object.entries(expected.arrays))('reads what NumPy saved: %s', async (name, { type, shape, data }) => {
    const array = parseNpy(await fileBytes(`${name}.npy`));
    expect(array.type).toBe(type);
    expect(array.shape).toEqual(shape);
    expect(Array.from(array.data)).toEqual(data);
  });

  it('refuses pickled objects', async () => {
    const bytes = await fileBytes('object.npy');
    expect(() => parseNpy(bytes)).toThrow(expect.objectContaining({ code: 'ADVROB_DATA_FORMAT' }));
  });

  it('refuses files that are shorter or longer than their header says', async () => {
    const bytes = await fileBytes('half.npy');
    const refused = (altered: Uint8Array) => {
      try {
        parseNpy(altered);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return undefined;
    };
    expect(refused(bytes.subarray(0, bytes.length - 1))).toBe('ADVROB_DATA_TRUNCATED');
    expect(refused(bytes.subarray(0, 40))).toBe('ADVROB_DATA_TRUNCATED');
    expect(refused(bytes.subarray(0, 9))).toBe('ADVROB_DATA_TRUNCATED');
    expect(refused(Uint8Array.of(...bytes, 0))).toBe('ADVROB_DATA_OVERSIZED');
    expect(refused(Uint8Array.of(1, 2, 3))).toBe('ADVROB_DATA_FORMAT');
  });
});

survivesDamage('parseNpy', {
  samples: await Promise.all(['fortran.npy', 'big-endian.npy', 'bool.npy'].map(fileBytes)),
  parse: (bytes) => parseNpy(bytes),
  fixed: 4 * fixedCost,
  codes: ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_OVERSIZED'],
});
