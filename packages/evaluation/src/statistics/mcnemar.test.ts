import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reference } from '../../test/support/reference.js';
import { mcNemar } from './mcnemar.js';

describe('McNemar', () => {
  it.each(reference.mcNemar)('$onlyFirst against $onlySecond as scipy has it', ({ onlyFirst, onlySecond, pValue }) => {
    const first = [...Array(onlyFirst).fill(1), ...Array(onlySecond).fill(0), 1, 0];
    const second = [...Array(onlyFirst).fill(0), ...Array(onlySecond).fill(1), 1, 0];
    const test = mcNemar(first, second);
    expect(test).toMatchObject({ onlyFirst, onlySecond });
    expect(Math.abs(test.pValue / pValue - 1)).toBeLessThan(1e-9);
  });

  it('is symmetric, and 1 for equal models', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1 }), (pairs) => {
        const first = pairs.map(([a]) => a);
        const second = pairs.map(([, b]) => b);
        const { pValue } = mcNemar(first, second);
        expect(mcNemar(second, first).pValue).toBe(pValue);
        expect(pValue).toBeGreaterThan(0);
        expect(pValue).toBeLessThanOrEqual(1);
        expect(mcNemar(first, first).pValue).toBe(1);
      }),
    );
    expect(() => mcNemar([1], [])).toThrow('ADVROB_SHAPE');
  });
});
