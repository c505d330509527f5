import { surviveMutations, type Survival } from '@advrob/core/testing';
import { describe, expect, it } from 'vitest';

const seed = Number(process.env['ADVROB_FUZZ_SEED'] ?? 37_022_702);
const count = 5000;
/** What small objects cost whatever the file's size. */
export const fixedCost = 1024;

/** A reader of files, and what it may do with damaged ones. */
export interface Reader {
  readonly samples: readonly Uint8Array[];
  parse(bytes: Uint8Array): unknown;
  /** Bytes that it may allocate whatever the file's size. */
  readonly fixed: number;
  /** Codes that damage must be able to cause. */
  readonly codes: readonly string[];
}

/** The check that a reader survives 5,000 damaged files: refuses them or reads them, and takes no more memory than they deserve. */
export function survivesDamage(name: string, { samples, parse, fixed, codes }: Reader): void {
  describe(`5,000 damaged files, seed ${seed} (ADVROB_FUZZ_SEED draws others)`, () => {
    it(`${name} survives`, () => {
      for (const sample of samples) expect(parse(sample)).toBeDefined();
      const { accepted, refused }: Survival = surviveMutations({
        samples,
        parse,
        seed,
        count,
        allocated: () => process.memoryUsage().arrayBuffers,
        allowance: (bytes) => 4 * bytes.length + fixed,
      });
      console.log(`${name}, seed ${seed}: ${accepted} accepted, refused ${JSON.stringify(refused)}`);
      expect(accepted).toBeGreaterThan(0);
      expect(Object.keys(refused)).toEqual(expect.arrayContaining([...codes]));
    });
  });
}
