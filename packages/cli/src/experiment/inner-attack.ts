import type { Attack, RunStorage } from '@advrob/core';

/** Name of the file beside the checkpoints. */
const fileName = 'inner-attack.json';

/** Counts the examples that training hands to its inner attack. */
export interface InnerCount {
  /** The attack, counting. */
  readonly attack: Attack;
  /** Called after each step; resolves when what was seen is on disk. */
  note(): Promise<void>;
  /**
   * Nominal input gradients over `examples` drawn: those times steps of the attack times copies of each example. Undefined when the attack was not used, or
   * does not say how many steps it makes.
   */
  total(examples: number): Promise<number | undefined>;
}

/**
 * How many adversarial gradients a training takes is no setting: an objective may leave the attack unused or attack several copies. So the first attack is watched,
 * and what it showed is kept in the folder, since a session that finds all training done sees none.
 */
export function countInner(attack: Attack, batchSize: number, storage: RunStorage): InnerCount {
  let rows = 0;
  let kept: Promise<void> | undefined;
  const { steps } = (attack.options ?? {}) as { readonly steps?: unknown };
  const keep = async (copies: number): Promise<void> => {
    await storage.write(fileName, new TextEncoder().encode(`${JSON.stringify({ copies })}\n`));
  };
  return {
    attack: {
      ...attack,
      maximize(model, x, ...rest) {
        rows = x.shape[0]! * (rest[2]?.restarts ?? 1);
        return attack.maximize(model, x, ...rest);
      },
    },
    async note() {
      // A warm-up that begins at no radius leaves the attack out of the first steps.
      if (rows > 0) kept ??= keep(Math.max(1, Math.round(rows / batchSize)));
      await kept;
    },
    async total(examples) {
      const found = await storage.read(fileName);
      if (found === undefined || typeof steps !== 'number') return undefined;
      const { copies } = JSON.parse(new TextDecoder().decode(found)) as { copies: number };
      return examples * steps * copies;
    },
  };
}
