// Runs every example as its reader would: `npm start` in its folder must end well, and the script `must-fail`, where there is one, must not. `pnpm examples [name ...]`
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

const folder = join(root, 'examples');
const asked = process.argv.slice(2);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && (asked.length === 0 || asked.includes(entry.name)))
  .map(({ name }) => name);

const problems = [];
for (const name of names) {
  const cwd = join(folder, name);
  const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  const begun = performance.now();
  const run = (script) =>
    spawnSync('npm', ['run', '--silent', script], { cwd, encoding: 'utf8', timeout: 300_000, env: process.env });
  const { status, stdout, stderr } = run('start');
  if (status !== 0) problems.push(`${name}: npm start ended with ${status}\n${stdout}\n${stderr}`);
  else if (scripts['must-fail'] && run('must-fail').status === 0) problems.push(`${name}: must-fail did not fail`);
  else console.log(`ok ${name} (${((performance.now() - begun) / 1000).toFixed(0)} s): ${lastLine(stdout)}`);
}
for (const problem of problems) console.error(problem);
console.log(`examples: ${names.length} run, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function lastLine(text) {
  return text.trim().split('\n').at(-1).slice(0, 100);
}
