// Damages small files at random and feeds them to parsers of files that come from elsewhere: each may refuse them by an AdvrobError, and nothing else.
import { surviveMutationsAsync } from '../../packages/core/dist/testing.js';
import { parsers } from './parsers.mjs';

/** Files between two looks at the clock. */
const piece = 500;
const usualAllowance = 1 << 20;

/**
 * @param {number} fast How many damaged files for each fast parser.
 * @param {number} slow The same for slow ones.
 * @param {number} until Milliseconds after which no further ones are tried.
 * @param {string[]} names Of the parsers; default all.
 */
export async function mutateAll(fast, slow, until = Infinity, names = []) {
  const begun = performance.now();
  const results = [];
  const all = (await parsers()).filter(({ name }) => names.length === 0 || names.includes(name));
  for (const [i, { name, isSlow = false, samples, parse, allowance = usualAllowance }] of all.entries()) {
    // Each has its share of the time that is left.
    const now = performance.now() - begun;
    const end = now + (until - now) / (all.length - i);
    const wanted = isSlow ? slow : fast;
    // What refuses an intact file would show nothing.
    for (const sample of samples) await parse(sample);
    const found = { name, mutations: 0, accepted: 0, refused: 0, allowance, problem: undefined };
    results.push(found);
    for (let seed = 0; found.mutations < wanted && performance.now() - begun < end && !found.problem; seed++) {
      const count = Math.min(piece, wanted - found.mutations);
      try {
        const survival = await surviveMutationsAsync({
          samples,
          parse: async (bytes) => parse(bytes),
          seed,
          count,
          allocated: () => process.memoryUsage().arrayBuffers,
          allowance: () => allowance,
        });
        found.accepted += survival.accepted;
        found.refused += Object.values(survival.refused).reduce((sum, each) => sum + each, 0);
        found.mutations += count;
      } catch (error) {
        found.problem = String(error);
      }
    }
  }
  return results;
}
