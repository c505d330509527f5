import { compare, refer, use } from './check.mjs';
import { generate } from './generate.mjs';
import { prune } from './prune.mjs';
import { reproducer } from './reproducer.mjs';
import { shrink } from './shrink.mjs';

/** Programs that are drawn before the subjects run them: every change of the backend walks through all of tfjs' kernels. */
const batch = 50;

/**
 * Runs random programs with the seeds `seed`, `seed + 1`, ... on cpu and on every subject, { name, programs }: a registered backend and
 * how many of the programs it runs. What cpu says of a program is asked once. A subject with `stopAfter` failures runs no more.
 * `report` is called with every failure: { subject, seed, failure, program, ops } with the program made small and printed as JavaScript.
 * A gradient that cpu cannot compute is run forward instead.
 *
 * @returns { ops, subjects }: how often each op was drawn, and for every subject { name, ran, passed, failed, skipped } where `skipped` counts
 * programs that cpu refuses
 */
export async function fuzz(tf, { subjects, seed, stopAfter, shouldShrink = true }, report) {
  const ops = {};
  const counts = subjects.map((subject) => ({ ...subject, ran: 0, passed: 0, failed: 0, skipped: 0 }));
  const isRunning = ({ ran, programs, failed }) => ran < programs && failed < stopAfter;
  for (let first = seed; counts.some(isRunning); first += batch) {
    const most = Math.max(...counts.filter(isRunning).map(({ ran, programs }) => programs - ran));
    const drawn = [];
    for (let i = 0; i < Math.min(batch, most); i++) drawn.push(await draw(tf, first + i));
    for (const { program } of drawn)
      for (const { op } of program.nodes) if (op !== undefined) ops[op] = (ops[op] ?? 0) + 1;
    for (const count of counts) {
      for (const { program, expected } of drawn) {
        if (!isRunning(count)) break;
        const failure = await runOn(tf, count, program, expected, shouldShrink);
        if (failure !== undefined) report(failure);
      }
    }
  }
  return { ops, subjects: counts };
}

/** The program of a seed and what cpu says of it. */
async function draw(tf, seed) {
  await use(tf, 'cpu');
  const program = await generate(tf, seed);
  const expected = await refer(tf, program);
  if (expected.skipped === undefined || program.kind === 'forward') return { program, expected };
  const forward = prune({ ...program, kind: 'forward', y: undefined, dy: undefined });
  return { program: forward, expected: await refer(tf, forward) };
}

/** Runs a program on a subject and counts how it went. */
async function runOn(tf, count, program, expected, shouldShrink) {
  count.ran++;
  if (expected.skipped !== undefined) {
    count.skipped++;
    return undefined;
  }
  const failure = await compare(tf, count.name, program, expected);
  if (failure === undefined) {
    count.passed++;
    return undefined;
  }
  count.failed++;
  const found = { program, failure, values: expected.assessments[0].values };
  const small = shouldShrink ? await shrink(tf, count.name, found) : found;
  return {
    subject: count.name,
    seed: program.seed,
    failure: small.failure,
    program: reproducer(small.program),
    ops: small.program.nodes.flatMap(({ op }) => op ?? []),
  };
}
