import type { Norm } from '@advrob/core';
import { membersOf, type Effort, type Member, type MemberName } from './members.js';

export const versionNames = ['standard', 'plus', 'rand', 'screen', 'custom'] as const;
export type VersionName = (typeof versionNames)[number];

/** Chosen with the number of targets on validation images, by studies/attack-screen. */
export const screenSteps = 80;

interface Version {
  readonly attacks: readonly MemberName[];
  effort(norm: Norm): Partial<Effort>;
}

/** What holds where a version says nothing else. */
const usual: Effort = { steps: 100, queries: 5000, restarts: 5, targets: 9, eot: 1, largeBalls: false };

/** AutoAttack's versions as its authors released them (version 0.1), and `screen`. */
const versions: Readonly<Record<VersionName, Version>> = {
  standard: {
    attacks: ['apgd-ce', 'apgd-t', 'fab-t', 'square'],
    effort: (norm) => (norm === 'l1' ? { restarts: 5, targets: 5, largeBalls: true } : { restarts: 1 }),
  },
  plus: {
    attacks: ['apgd-ce', 'apgd-dlr', 'fab', 'square', 'apgd-t', 'fab-t'],
    effort: () => ({}),
  },
  rand: { attacks: ['apgd-ce', 'apgd-dlr'], effort: () => ({ restarts: 1, eot: 20 }) },
  screen: { attacks: ['apgd-ce', 'apgd-t'], effort: () => ({ restarts: 1, steps: screenSteps, targets: 2 }) },
  custom: { attacks: [], effort: () => ({}) },
};

/**
 * The members of a version in a norm, in order. `attacks` for `custom`; what is in `changed`
 * replaces the effort of the version.
 */
export function compose(
  version: VersionName,
  norm: Norm,
  attacks: readonly MemberName[] = versions[version].attacks,
  changed: Partial<Effort> = {},
): readonly Member[] {
  const effort = { ...usual, ...versions[version].effort(norm), ...changed };
  return attacks.flatMap((name) => membersOf(name, effort));
}
