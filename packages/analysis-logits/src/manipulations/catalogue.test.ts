import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logitMatrix } from '../logit-matrix.js';
import { manipulate, manipulationIds, manipulations } from './catalogue.js';
import type { LogitMatrix } from '../logit-matrix.js';
import type { ManipulationId } from './catalogue.js';
import { classOrder, rowOf, softmax, topTwo } from '../logit-matrix.js';

const finite = { min: -50, max: 50, noNaN: true } as const;
// Whole numbers make ties; -0 is left out.
const logit = fc.oneof(fc.float(finite), fc.integer({ min: -3, max: 3 })).map((value) => value + 0);

interface Case {
  readonly robust: LogitMatrix;
  readonly standard: LogitMatrix;
  readonly seed: number;
}
const cases: fc.Arbitrary<Case> = fc
  .tuple(fc.integer({ min: 4, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(1000))
  .chain(([classes, rows, seed]) => {
    const table = fc
      .array(logit, { minLength: rows * classes, maxLength: rows * classes })
      .map((values) => logitMatrix(Float32Array.from(values), classes));
    return fc.record({ robust: table, standard: table, seed: fc.constant(seed) });
  });

const rowsOf = (logits: LogitMatrix): Float32Array[] =>
  Array.from({ length: logits.rows }, (_, row) => rowOf(logits, row));
const apply = (id: ManipulationId, { robust, standard, seed }: Case): Float32Array[] =>
  rowsOf(manipulate(id, robust, { standard, seed }));
const sorted = (row: Float32Array): number[] => Array.from(row).sort((a, b) => b - a);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const maxOf = (row: Float32Array): number => sorted(row)[0]!;
const gapOf = (row: Float32Array): number => sorted(row)[0]! - sorted(row)[1]!;

/** Holds for every row before and after. */
function holds(
  id: ManipulationId,
  check: (before: Float32Array, after: Float32Array, given: Case, row: number) => void,
) {
  fc.assert(
    fc.property(cases, (given) => {
      const after = apply(id, given);
      rowsOf(given.robust).forEach((before, row) => check(before, after[row]!, given, row));
    }),
    { numRuns: 200 },
  );
}

describe.each(manipulationIds)('%s', (id) => {
  it('leaves its input as it is, gives finite logits of the same shape, and the same for the same seed', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const before = given.robust.values.slice();
        const found = manipulate(id, given.robust, given);
        expect(given.robust.values).toEqual(before);
        expect([found.rows, found.classes]).toEqual([given.robust.rows, given.robust.classes]);
        expect(found.values.every(Number.isFinite)).toBe(true);
        expect(manipulate(id, given.robust, given).values).toEqual(found.values);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps a largest logit where the teacher had it', () => {
    if (id === 'M7')
      return holds(id, (before, after) => expect(after[topTwo(before)[0]]).toBeGreaterThanOrEqual(maxOf(after) - 1e-5));
    holds(id, (before, after) => {
      // The mean vector of a class is largest at that class, up to rounding where classes tie.
      expect(after[topTwo(before)[0]]).toBeGreaterThanOrEqual(maxOf(after) - (id === 'M6' ? 1e-5 : 0));
    });
  });
});

describe.each(manipulationIds.filter((id) => manipulations[id].isGapSafe))('%s is gap-safe', (id) =>
  it('max logit and gap are untouched in every example', () =>
    holds(id, (before, after) => {
      expect(maxOf(after)).toBe(maxOf(before));
      expect(gapOf(after)).toBe(gapOf(before));
    })),
);

describe('what each keeps and removes', () => {
  it('M0 keeps everything', () => holds('M0', (before, after) => expect(after).toEqual(before)));

  it('M1: other logits equal, the sum kept', () =>
    holds('M1', (before, after) => {
      const others = Array.from(after).filter((_, k) => k !== topTwo(before)[0]);
      expect(new Set(others).size).toBe(1);
      expect(Math.abs(mean([...after]) - mean([...before]))).toBeLessThan(1e-4);
      expect(gapOf(after)).toBeGreaterThanOrEqual(gapOf(before));
    }));

  it.each(['M2', 'M4', 'M9'] as const)('%s: the multiset of the logits kept', (id) =>
    holds(id, (before, after) => expect(sorted(after)).toEqual(sorted(before))),
  );

  it.each(['M3', 'M4'] as const)('%s: the runner-up kept with its class', (id) =>
    holds(id, (before, after) => {
      const [first, second] = topTwo(before);
      expect([after[first], after[second]]).toEqual([before[first], before[second]]);
    }),
  );

  it('M3: the rest equal', () =>
    holds('M3', (before, after) => {
      const rest = classOrder(before).slice(2);
      expect(new Set(rest.map((k) => after[k])).size).toBe(1);
    }));

  it('M2 and M4 depend on the seed and differ from example to example', () => {
    const rows = 40;
    const robust = logitMatrix(
      Float32Array.from({ length: rows * 8 }, (_, i) => -(i % 8)),
      8,
    );
    for (const id of ['M2', 'M4'] as const) {
      const found = manipulate(id, robust, { seed: 1 });
      expect(found.values).not.toEqual(manipulate(id, robust, { seed: 2 }).values);
      expect(new Set(rowsOf(found).map(String)).size).toBeGreaterThan(rows / 2);
    }
  });

  it('M5: order of the classes kept, mean max and mean gap kept, all rows with the same values', () =>
    fc.assert(
      fc.property(cases, (given) => {
        const after = apply('M5', given);
        const before = rowsOf(given.robust);
        before.forEach((row, i) => {
          const order = classOrder(row);
          for (let rank = 1; rank < order.length; rank++)
            expect(after[i]![order[rank]!]).toBeLessThanOrEqual(after[i]![order[rank - 1]!]!);
          expect(sorted(after[i]!)).toEqual(sorted(after[0]!));
        });
        expect(Math.abs(mean(after.map(maxOf)) - mean(before.map(maxOf)))).toBeLessThan(1e-4);
        expect(Math.abs(mean(after.map(gapOf)) - mean(before.map(gapOf)))).toBeLessThan(1e-4);
      }),
    ));

  it('M6: equal rows for equal predictions, the mean of all logits kept', () =>
    fc.assert(
      fc.property(cases, (given) => {
        const after = apply('M6', given);
        const before = rowsOf(given.robust);
        for (const [i, a] of before.entries())
          for (const [j, b] of before.entries()) if (topTwo(a)[0] === topTwo(b)[0]) expect(after[i]).toEqual(after[j]);
        const all = (rows: Float32Array[]): number => mean(rows.flatMap((row) => [...row]));
        expect(Math.abs(all(after) - all(before))).toBeLessThan(1e-4);
      }),
    ));

  it('M7: the same gap everywhere, which is the mean gap; the order and the other logits kept', () =>
    fc.assert(
      fc.property(cases, (given) => {
        const [before, after] = [rowsOf(given.robust), apply('M7', given)];
        const expected = mean(before.map(gapOf));
        before.forEach((row, i) => {
          const best = topTwo(row)[0];
          expect(Math.abs(gapOf(after[i]!) - expected)).toBeLessThan(2e-5);
          row.forEach((value, k) => k !== best && expect(after[i]![k]).toBe(value));
        });
      }),
    ));

  it('M8: the same max everywhere, gap and softmax kept', () =>
    fc.assert(
      fc.property(cases, (given) => {
        const [before, after] = [rowsOf(given.robust), apply('M8', given)];
        const expected = mean(before.map(maxOf));
        before.forEach((row, i) => {
          expect(Math.abs(maxOf(after[i]!) - expected)).toBeLessThan(2e-5);
          expect(Math.abs(gapOf(after[i]!) - gapOf(row))).toBeLessThan(2e-5);
          const q = softmax(row);
          softmax(after[i]!).forEach((p, k) => expect(Math.abs(p - q[k]!)).toBeLessThan(2e-5));
        });
      }),
    ));

  it("M9: the other classes in the standard model's order", () =>
    holds('M9', (before, after, { standard }, row) => {
      const others = classOrder(rowOf(standard, row)).filter((k) => k !== topTwo(before)[0]);
      for (let place = 1; place < others.length; place++)
        expect(after[others[place]!]).toBeLessThanOrEqual(after[others[place - 1]!]!);
    }));

  it("M10: the standard model's values in the robust model's order", () =>
    holds('M10', (before, after, { standard }, row) => {
      expect(sorted(after)).toEqual(sorted(rowOf(standard, row)));
      const order = classOrder(before);
      for (let rank = 1; rank < order.length; rank++)
        expect(after[order[rank]!]).toBeLessThanOrEqual(after[order[rank - 1]!]!);
    }));

  it('M11: the mean confidence in every example, the rest shared equally', () =>
    fc.assert(
      fc.property(cases, (given) => {
        const before = rowsOf(given.robust);
        const expected = mean(before.map((row) => Math.max(...softmax(row))));
        apply('M11', given).forEach((row, i) => {
          const p = softmax(row);
          expect(Math.abs(p[topTwo(before[i]!)[0]]! - expected)).toBeLessThan(1e-5);
          expect(new Set([...row].filter((_, k) => k !== topTwo(before[i]!)[0])).size).toBe(1);
        });
      }),
    ));

  it('M11 stays finite where every confidence rounds to 1', () => {
    const { values } = manipulate('M11', logitMatrix(Float32Array.of(900, 0, 0, 0, 800, 0), 3));
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('refuses', () => {
  const two = logitMatrix(Float32Array.of(1, 0, 0, 2), 2);
  const three = logitMatrix(Float32Array.of(1, 0, 0, 2, 1, 4), 3);
  it.each([
    ['M3', three, 'ADVROB_OPTION'],
    ['M1', two, 'ADVROB_OPTION'],
    ['M9', three, 'ADVROB_OPTION'],
    ['M10', two, 'ADVROB_OPTION'],
    ['M12', three, 'ADVROB_UNKNOWN_NAME'],
  ])('%s of logits that it cannot treat', (id, logits, code) => {
    expect(() => manipulate(id as ManipulationId, logits)).toThrow(code);
  });

  it('a standard model on other examples', () => {
    const standard = logitMatrix(Float32Array.of(1, 0, 2), 3);
    expect(() => manipulate('M9', three, { standard })).toThrow(/same examples.*ADVROB_SHAPE/);
  });

  it('logits that are not finite, or not whole rows', () => {
    expect(() => logitMatrix(Float32Array.of(1, NaN, 0, 2), 2)).toThrow(/example 0, class 1.*ADVROB_NOT_FINITE/);
    expect(() => logitMatrix(Float32Array.of(1, 2, 3), 2)).toThrow('ADVROB_SHAPE');
    expect(() => logitMatrix(Float32Array.of(1, 2, 3), 1)).toThrow('ADVROB_SHAPE');
  });
});
