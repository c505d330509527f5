// `pnpm check [part ...]`: every static check, and the tests of what has changed since they passed, the same locally and in CI; or the parts that are named.
// `--static` leaves the tests out. Prints the time of each part.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { root } from './fresh/prepare.mjs';

/** Most parts keep one core busy. */
const together = Math.max(2, availableParallelism());

/** Each stage waits for the one before it. Parts that run together stand with the longest first. */
const stages = [
  { together: 1, parts: [['build', ['turbo', 'run', 'build', '--output-logs=errors-only']]] },
  {
    together,
    parts: [
      ['generated', ['node', 'tooling/packed/generated.mjs']],
      ['packed', ['node', 'tooling/packed/check.mjs']],
      ['types', ['tsc', '-p', 'tooling/tsconfig/all.json']],
      ['released', ['node', 'tooling/packed/demo.mjs', '--quick']],
      ['eslint', ['eslint', '--cache', '--cache-strategy=content', '--cache-location=.cache/eslint/', '.']],
      ['newcomer', ['node', 'tooling/packed/newcomer.mjs']],
      ['api', ['node', 'tooling/api/check.mjs']],
      [
        'prettier',
        [
          'prettier',
          '--check',
          '--log-level=warn',
          '--cache',
          '--cache-strategy=content',
          '--cache-location=.cache/prettier',
          '.',
        ],
      ],
      ['budgets', ['node', 'tooling/budgets/check.mjs']],
      ['docs', ['node', 'tooling/docs/check.mjs']],
      ['recipe', ['node', 'tooling/testing/recipe.mjs']],
      ['knip', ['knip']],
      ['floors', ['node', 'tooling/floors/check.mjs']],
      ['changesets', ['changeset', 'status']],
    ],
  },
  // One package at a time: each of them keeps every core busy.
  {
    together: 1,
    parts: [['tests', ['turbo', 'run', 'test', 'test:tooling', '--concurrency=1', '--output-logs=new-only']]],
  },
  // What a user does, by name alone: CI runs it after the tests.
  {
    together,
    parts: [
      ['demo', ['node', 'tooling/fresh/demo.mjs']],
      ['examples', ['node', 'tooling/examples/run.mjs']],
      ['browser', ['vitest', 'run', '--config', 'tooling/browser/vitest.config.ts']],
      ['gpu', ['vitest', 'run', '--config', 'tooling/gpu/vitest.config.ts']],
    ],
  },
];
const byNameAlone = ['demo', 'examples', 'browser', 'gpu'];

const args = process.argv.slice(2);
const named = args.filter((arg) => !arg.startsWith('--'));
const known = stages.flatMap(({ parts }) => parts.map(([name]) => name));
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${known.join(', ')}`);
const leftOut = args.includes('--static') ? [...byNameAlone, 'tests'] : byNameAlone;
const isWanted = ([name]) => (named.length > 0 ? named.includes(name) : !leftOut.includes(name));

const failed = [];
for (const { parts, together } of stages) {
  const waiting = parts.filter(isWanted);
  const work = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) await check(part, together > 1);
  };
  await Promise.all(Array.from({ length: together }, work));
}
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs one part. What parts that run side by side say is shown when they end. */
async function check([name, command], isHeldBack) {
  const start = performance.now();
  const child = spawn('pnpm', ['exec', ...command], {
    cwd: root,
    stdio: ['ignore', isHeldBack ? 'pipe' : 'inherit', isHeldBack ? 'pipe' : 'inherit'],
  });
  const said = [];
  child.stdout?.on('data', (bytes) => said.push(bytes));
  child.stderr?.on('data', (bytes) => said.push(bytes));
  const status = await new Promise((resolve) => child.on('close', resolve));
  process.stdout.write(Buffer.concat(said));
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed.push(name);
}
