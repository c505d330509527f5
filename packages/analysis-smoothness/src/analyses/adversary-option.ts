import { bim } from '@advrob/attacks';
import type { Attack } from '@advrob/core';
import { isAttack } from '@advrob/core/attack';
import * as z from 'zod';

const given: z.ZodType<Attack, Attack> = z
  .any()
  .refine(isAttack, 'expected an attack with its options, such as bim()')
  .meta({ advrob: 'attack' });

/** The attack of the probes; its seed is the same at all weights. */
export const attackOption = given
  .optional()
  .describe('attack of the probes, always with one seed; default bim, 10 steps from the clean example');

/** The attack that an analysis runs. */
export function attackOr(attack: Attack | undefined): Attack {
  return attack ?? bim({ steps: 10 });
}
