import type { AttackResult } from '@advrob/core';

/** One line of the log of an ensemble. */
export interface MemberLog {
  /** Name of the member, `clean` for the errors that were there before. */
  readonly attack: string;
  /** Examples that it was the first to fool. */
  readonly found: number;
  /** Share of all examples that withstood it and all before it. */
  readonly robustAccuracy: number;
}

/**
 * The robust accuracy of an ensemble after each of its members: what AutoAttack prints as it goes.
 *
 * @param members - Names in the order in which they ran. Members that found nothing have a line
 *   too.
 * @example
 * ```ts
 * const result = await autoattack().run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * console.table(memberLog(result, ['apgd-ce', 'apgd-t', 'fab-t', 'square']));
 * ```
 */
export function memberLog({ fooledBy }: Pick<AttackResult, 'fooledBy'>, members: readonly string[]): MemberLog[] {
  let left = fooledBy.length;
  return ['clean', ...new Set(members)].map((attack) => {
    const found = fooledBy.filter((name) => name === attack).length;
    left -= found;
    return { attack, found, robustAccuracy: left / fooledBy.length };
  });
}
