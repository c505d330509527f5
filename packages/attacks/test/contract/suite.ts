import type { Attack } from '@advrob/core';
import { attackContract } from '@advrob/core/testing';
import { describe, it } from 'vitest';
import { batches } from './batches.js';
import { closedForms } from './closed-forms.js';
import { labelForms } from './labels.js';
import { moreEffort } from './more-effort.js';
import { resumption } from './resume.js';
import { subjectOf } from './subject.js';
import { shortened, table } from './table.js';
import { otherUnits } from './units.js';

const checks = { ...closedForms, ...batches, ...moreEffort, ...labelForms, ...otherUnits, ...resumption };

/** The kinds of attacks, each about as much work as the others, so that the table can be spread over processes. */
export const kinds = {
  'gradients, fixed': ({ definition }: Attack) => definition.knowledge === 'gradients' && definition.budget === 'fixed',
  'gradients, minimal': ({ definition }: Attack) =>
    definition.knowledge === 'gradients' && definition.budget === 'minimal',
  'without gradients': ({ definition }: Attack) => definition.knowledge !== 'gradients',
} as const;

/** Registers every check for every row of a kind and every norm. `tolerance` is that of values between batch sizes. */
export function testTable(kind: keyof typeof kinds, tolerance: number): void {
  for (const [name, rows] of Object.entries(table))
    for (const row of rows.filter(({ attack }) => kinds[kind](attack))) {
      const { attack, options } = row;
      describe(`${name} ${JSON.stringify(attack.options, shortened)}`, () => {
        const inputShape = options.inputShape ?? [4, 4, 2];
        const norms = options.norms ?? attack.definition.norms;
        const jumps = tolerance === 0 ? [] : norms.filter((norm) => row.jumps?.includes(norm));
        const steady = norms.filter((norm) => !jumps.includes(norm));
        for (const [some, allowed] of [[steady, tolerance] as const, [jumps, Infinity] as const])
          if (some.length > 0)
            for (const check of attackContract(attack, { ...options, norms: some, tolerance: allowed }))
              it(check.name, check.run);
        for (const norm of norms) {
          const subject = subjectOf({ row, attack, norm, inputShape, isExact: tolerance === 0 });
          for (const [check, body] of Object.entries(checks)) it(`${norm}: ${check}`, () => body(subject));
        }
      });
    }
}
