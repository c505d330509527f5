import { expect } from 'vitest';
import { usualUnit, type Unit } from './problem.js';
import { runOn, successOf, withProblem, type SubjectCheck } from './subject.js';

/**
 * Bounds [0, 255] and [-1, 1], and a model that normalises each channel. Last bits differ, and one
 * of sixteen examples near the boundary may with them.
 */
const units: readonly Unit[] = [
  { scale: 255 / 4, shift: 255 / 4 },
  { scale: 0.5, shift: -0.5 },
  { ...usualUnit, normalises: true },
];

/** That the units of the inputs do not matter. */
export const otherUnits: Readonly<Record<string, SubjectCheck>> = {
  'fools the same examples in other units of the inputs': async (subject) => {
    const { row } = subject;
    const { success: usual } = await subject.usual();
    for (const unit of units) {
      const attack = row.inUnit ? row.inUnit(unit) : subject.attack;
      const found = await withProblem(subject, (problem) => successOf(runOn({ ...subject, attack }, problem)), unit);
      const others = found.filter((hit, i) => hit !== usual[i]).length;
      expect(others, `examples that differ in ${JSON.stringify(unit)}`).toBeLessThanOrEqual(1);
    }
  },
};
