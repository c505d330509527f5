// `pnpm check`: every static check and every test, the same locally and in CI. Prints the time of each part.
import { spawnSync } from 'node:child_process';
import { root } from './fresh/prepare.mjs';

const staticChecks = [
  ['build', ['turbo', 'run', 'build', '--output-logs=errors-only']],
  ['types', ['turbo', 'run', 'typecheck', '--output-logs=errors-only']],
  ['eslint', ['eslint', '.']],
  ['prettier', ['prettier', '--check', '--log-level=warn', '.']],
  ['floors', ['node', 'tooling/floors/check.mjs']],
  ['knip', ['knip']],
  ['docs', ['node', 'tooling/docs/check.mjs']],
  ['api', ['node', 'tooling/api/check.mjs']],
  ['budgets', ['node', 'tooling/budgets/check.mjs']],
  ['packed', ['node', 'tooling/packed/check.mjs']],
  ['newcomer', ['node', 'tooling/packed/newcomer.mjs']],
  ['generated', ['node', 'tooling/packed/generated.mjs']],
  ['released', ['node', 'tooling/packed/demo.mjs', '--quick']],
  ['changesets', ['changeset', 'status']],
];
const tests = [['tests', ['vitest', 'run']]];
const parts = process.argv.includes('--static') ? staticChecks : [...staticChecks, ...tests];

const failed = [];
for (const [name, [command, ...args]] of parts) {
  const start = performance.now();
  const { status } = spawnSync('pnpm', ['exec', command, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
