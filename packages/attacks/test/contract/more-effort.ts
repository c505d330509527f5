import type { Attack } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { expect } from 'vitest';
import * as z from 'zod';
import { runOn, successOf, valuesOf, withProblem, type SubjectCheck } from './subject.js';

/** Five random points of the ball, of which the last is left. */
const others = defineAttack({
  name: 'others',
  summary: 'For this test.',
  knowledge: 'scores',
  norms: ['linf', 'l2', 'l1', 'l0'],
  budget: 'fixed',
  options: z.strictObject({}),
  async perturb(scope) {
    const { adv } = await scope.iterate({ adv: scope.x }, 5, (_, { model, x, threat, rng, offer }) => {
      const adv = threat.randomStart(x, rng);
      offer(adv, model.logits(adv));
      return { adv };
    });
    return adv;
  },
})();

/** An ensemble of one attack and, if given, another after it. */
function ensemble(first: Attack, then?: Attack): Attack {
  return defineAttack({
    name: 'ensemble',
    summary: 'For this test.',
    knowledge: 'gradients',
    norms: first.definition.norms,
    budget: 'fixed',
    options: z.strictObject({}),
    async perturb(scope) {
      await scope.attack(first);
      if (then) await scope.attack(then);
    },
  })();
}

/** That more effort loses nothing. */
export const moreEffort: Readonly<Record<string, SubjectCheck>> = {
  'fools no fewer within a larger radius': (subject) =>
    withProblem(subject, async (problem) => {
      const factors = subject.norm === 'l0' ? [1, 2, 4] : [0.5, 1, 2];
      const counts = [0];
      for (const factor of factors) {
        const found =
          factor === 1 ? (await subject.usual()).success : await successOf(runOn(subject, problem, { factor }));
        counts.push(found.filter(Boolean).length);
      }
      // The clean error counts at every radius.
      expect(counts.slice(1)).toEqual([...counts.slice(1)].sort((a, b) => a - b));
    }),
  'keeps the points that a member of an ensemble found when others run after it': (subject) =>
    withProblem(subject, async (problem) => {
      const { attack } = subject;
      const alone = await valuesOf(runOn({ ...subject, attack: ensemble(attack) }, problem));
      const followed = await valuesOf(runOn({ ...subject, attack: ensemble(attack, others) }, problem));
      const size = alone.points.length / alone.success.length;
      const foundAlone = alone.success.flatMap((hit, i) => (hit ? [i] : []));
      const rows = ({ points }: { points: number[] }): number[][] =>
        foundAlone.map((i) => points.slice(i * size, (i + 1) * size));
      expect(foundAlone.map((i) => followed.success[i])).toEqual(foundAlone.map(() => 1));
      expect(rows(followed)).toEqual(rows(alone));
    }),
};
