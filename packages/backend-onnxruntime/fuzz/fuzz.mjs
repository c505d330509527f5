import { check } from './check.mjs';
import { generate } from './generate.mjs';
import { prune } from './prune.mjs';
import { reproducer } from './reproducer.mjs';
import { shrink } from './shrink.mjs';

/**
 * Runs `programs` random programs with the seeds `seed`, `seed + 1`, ... on cpu and on the backend `subject`, which must both be registered.
 * `report` is called with every failure: { seed, failure, program } with the program made small and printed as JavaScript.
 * A gradient that cpu cannot compute is run forward instead.
 *
 * @returns { passed, failed, skipped, ops } where `skipped` counts programs that cpu refuses and `ops` how often each op was run
 */
export async function fuzz(tf, { subject, programs, seed, shouldShrink = true }, report) {
  const counts = { passed: 0, failed: 0, skipped: 0, ops: {} };
  for (let i = 0; i < programs; i++) {
    await tf.setBackend('cpu');
    let program = await generate(tf, seed + i);
    let found = await check(tf, subject, program);
    if (found?.skipped !== undefined && program.kind !== 'forward') {
      program = prune({ ...program, kind: 'forward', y: undefined, dy: undefined });
      found = await check(tf, subject, program);
    }
    for (const { op } of program.nodes) if (op !== undefined) counts.ops[op] = (counts.ops[op] ?? 0) + 1;
    if (found === undefined) counts.passed++;
    else if (found.skipped !== undefined) counts.skipped++;
    else {
      counts.failed++;
      const small = shouldShrink ? await shrink(tf, subject, program, found) : { program, ...found };
      report({ seed: seed + i, failure: small.failure, program: reproducer(small.program), ops: opsOf(small.program) });
    }
  }
  return counts;
}

const opsOf = (program) => program.nodes.flatMap(({ op }) => op ?? []);
