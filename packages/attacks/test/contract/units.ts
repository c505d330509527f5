import { expect } from 'vitest';
import { usualUnit, type Unit } from './problem.js';
import { runOn, successOf, withProblem, type SubjectCheck } from './subject.js';

/** Bounds [0, 255], [-1, 1], and such whose width is no power of two. Last bits differ, and one of sixteen examples near the boundary may with them. */
const units: readonly Unit[] = [
  { scale: 255 / 4, shift: 255 / 4 },
  { scale: 0.5, shift: -0.5 },
  { scale: 0.3, shift: 7 },
];

/** That the units of the inputs do not matter. */
export const otherUnits: Readonly<Record<string, SubjectCheck>> = {
  'fools the same examples in other units of the inputs': async (subject) => {
    const { row } = subject;
    const usual = await withProblem(subject, (problem) => successOf(runOn(subject, problem)), usualUnit);
    for (const unit of units) {
      const attack = row.inUnit ? row.inUnit(unit) : subject.attack;
      const found = await withProblem(subject, (problem) => successOf(runOn({ ...subject, attack }, problem)), unit);
      const others = found.filter((hit, i) => hit !== usual[i]).length;
      expect(others, `examples that differ at scale ${unit.scale}`).toBeLessThanOrEqual(1);
    }
  },
};
