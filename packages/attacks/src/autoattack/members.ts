import type { Attack } from '@advrob/core';
import { apgdCe } from '../apgd/apgd-ce.js';
import { apgdDlr } from '../apgd/apgd-dlr.js';
import { apgdT } from '../apgd/apgd-t.js';
import { fabT } from '../fab/fab-t.js';
import { fab } from '../fab/fab.js';
import { square } from '../square/square.js';

/** An attack of an ensemble with its number of restarts. */
export interface Member {
  readonly attack: Attack;
  readonly restarts: number;
}

export const memberNames = ['apgd-ce', 'apgd-dlr', 'apgd-t', 'fab', 'fab-t', 'square'] as const;
export type MemberName = (typeof memberNames)[number];

/** What AutoAttack sets for its members. */
export interface Effort {
  /** Iterations of APGD and FAB. */
  readonly steps: number;
  /** Queries of Square. */
  readonly queries: number;
  /** Restarts of APGD-CE, APGD-DLR and FAB; the others run once. */
  readonly restarts: number;
  /** Target classes of APGD-T; FAB-T always takes nine. */
  readonly targets: number;
  readonly eot: number;
  /** Whether APGD in L1 starts in larger balls. */
  readonly largeBalls: boolean;
}

/**
 * One attack as AutoAttack runs it. FAB starts at the example once and at random points in all
 * further restarts: two members.
 */
export function membersOf(name: MemberName, effort: Effort): readonly Member[] {
  const { steps, queries, restarts, targets, eot, largeBalls } = effort;
  switch (name) {
    case 'apgd-ce':
      return [{ attack: apgdCe({ steps, eot, largeBalls }), restarts }];
    case 'apgd-dlr':
      return [{ attack: apgdDlr({ steps, eot, largeBalls }), restarts }];
    case 'apgd-t':
      return [{ attack: apgdT({ steps, eot, largeBalls, targets }), restarts: 1 }];
    case 'fab':
      return [
        { attack: fab({ steps }), restarts: 1 },
        ...(restarts > 1 ? [{ attack: fab({ steps, start: 'random' }), restarts: restarts - 1 }] : []),
      ];
    case 'fab-t':
      return [{ attack: fabT({ steps, targets: 9 }), restarts: 1 }];
    case 'square':
      return [{ attack: square({ queries, rescaleSchedule: false }), restarts: 1 }];
  }
}
