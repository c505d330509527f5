import type { Norm } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import * as z from 'zod';
import { memberNames, type Member } from './members.js';
import { compose, screenSteps, versionNames } from './versions.js';

const options = z
  .strictObject({
    version: z
      .enum(versionNames)
      .default('standard')
      .describe(
        'standard; plus: more members and restarts; rand: for models that draw at random; ' +
          'screen: a twentieth of the passes, an upper bound on what standard leaves; custom: your list',
      ),
    attacks: z.array(z.enum(memberNames)).min(1).optional().describe('members of the custom version, in order'),
    steps: z.int().min(1).optional().describe(`iterations of APGD and FAB; default 100, for screen ${screenSteps}`),
    queries: z.int().min(1).default(5000).describe('queries of Square'),
    restarts: z
      .int()
      .min(1)
      .optional()
      .describe('restarts of APGD-CE, APGD-DLR and FAB; default as the version has it (custom: 5)'),
    targets: z.int().min(1).optional().describe('target classes of APGD-T; default as the version has it'),
    eot: z.int().min(1).optional().describe('passes averaged into each gradient of APGD; default 20 for rand, else 1'),
  })
  .refine(({ version, attacks }) => (version === 'custom') === (attacks !== undefined), {
    message: "expected for version 'custom' and for no other",
    path: ['attacks'],
  })
  // A record says how many there were.
  .overwrite((chosen) => ({ ...chosen, steps: chosen.steps ?? (chosen.version === 'screen' ? screenSteps : 100) }));

/**
 * AutoAttack: each member attacks the examples that withstood those before it. `fooledBy` of the
 * result names the member, {@link memberLog} makes the log. The members of each version, with their
 * restarts and targets, are those of the authors' release ({@link compose} lists them), but for
 * `screen`, which is ours: APGD-CE and a shorter APGD-T, an upper bound on what `standard` leaves.
 *
 * With fewer than ten classes the targeted members try all other classes; with fewer than four they
 * ascend the margin, for which the difference of logits ratio is not defined.
 *
 * @example
 * ```ts
 * const result = await autoattack().run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * console.log(result.robustAccuracy);
 * ```
 */
export const autoattack = defineAttack({
  name: 'autoattack',
  summary: 'AutoAttack: APGD, FAB and Square one after another, each on what is left.',
  paper:
    'Croce and Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, https://arxiv.org/abs/2003.01690',
  knowledge: 'gradients',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  loss: null,
  options,
  caveat: ({ version }) =>
    version === 'screen'
      ? "is an upper bound on what AutoAttack's standard version leaves: it has no FAB-T and no Square, so it misses what hides from gradients; for a number to publish use version standard"
      : undefined,
  members: membersIn,
  async perturb(scope, chosen) {
    for (const { attack, restarts } of membersIn(chosen, scope.threat.norm)) await scope.attack(attack, { restarts });
  },
});

function membersIn({ version, attacks, ...effort }: z.output<typeof options>, norm: Norm): readonly Member[] {
  const changed = Object.fromEntries(Object.entries(effort).filter(([, value]) => value !== undefined));
  return compose(version, norm, attacks, changed);
}
