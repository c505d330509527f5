// Damages small files at random and feeds them to parsers of files that come from elsewhere: each may refuse them by an AdvrobError, and nothing else.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { surviveMutationsAsync } from '../../packages/core/dist/testing.js';
import { parsers } from './parsers.mjs';

/** Files between two looks at the clock. */
const piece = 500;
const usualAllowance = 1 << 20;
/** Milliseconds of a slow parser, which may run on a busy machine at a low priority; what hangs takes more than any. */
const slowest = 10_000;

/** What was found before, in a file that is written after each piece; undefined: nothing is kept. */
function resultsIn(file) {
  const before = file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return {
    of: (name) => before.find((one) => one.name === name),
    keep(results) {
      if (file === undefined) return;
      const others = before.filter(({ name }) => !results.some((one) => one.name === name));
      writeFileSync(file, JSON.stringify([...others, ...results], null, 2));
    },
  };
}

/**
 * @param {number} fast How many damaged files for each fast parser.
 * @param {number} slow The same for slow ones.
 * @param {number} until Milliseconds after which no further ones are tried.
 * @param {string[]} names Of the parsers; default all.
 * @param {string} [file] Goes on from what it holds, and keeps there what is found.
 * @throws Error for a name that no parser has.
 */
export async function mutateAll(fast, slow, until = Infinity, names = [], file = undefined) {
  const begun = performance.now();
  const results = [];
  const kept = resultsIn(file);
  const every = await parsers();
  const stranger = names.find((wanted) => !every.some(({ name }) => name === wanted));
  if (stranger !== undefined) throw new Error(`${stranger} is no parser: ${every.map(({ name }) => name).join(', ')}`);
  const all = every.filter(({ name }) => names.length === 0 || names.includes(name));
  for (const [i, { name, isSlow = false, samples, parse, allowance = usualAllowance }] of all.entries()) {
    const wanted = isSlow ? slow : fast;
    // What refuses an intact file would show nothing.
    for (const sample of samples) await parse(sample);
    // Each has its share of the time that is left.
    const now = performance.now() - begun;
    const end = now + (until - now) / (all.length - i);
    const found = kept.of(name) ?? { name, mutations: 0, accepted: 0, refused: 0, allowance };
    results.push(found);
    for (
      let seed = Math.ceil(found.mutations / piece);
      found.mutations < wanted && performance.now() - begun < end && !found.problem;
      seed++
    ) {
      const count = Math.min(piece, wanted - found.mutations);
      try {
        const survival = await surviveMutationsAsync({
          samples,
          parse: async (bytes) => parse(bytes),
          seed,
          count,
          allocated: () => process.memoryUsage().arrayBuffers,
          allowance: () => allowance,
          timeLimit: isSlow ? slowest : undefined,
        });
        found.accepted += survival.accepted;
        found.refused += Object.values(survival.refused).reduce((sum, each) => sum + each, 0);
        found.mutations += count;
      } catch (error) {
        found.problem = String(error);
      }
      kept.keep(results);
    }
  }
  return results;
}
