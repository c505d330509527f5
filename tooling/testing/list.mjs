// Proves that no test was lost when tests moved: `node tooling/testing/list.mjs [packages/attacks ...] [--out FILE] [--against FILE]`.
// Prints the sorted full names of all tests (or of those under the paths) without their files. `--out` keeps the list for later, `--against` compares with
// such a list, or with what `vitest list --json=FILE` wrote, says which names are gone and which are new, and fails if any is gone.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../fresh/prepare.mjs';
import { difference, namesIn } from './names.mjs';

const { values, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' }, out: { type: 'string' } },
});
const tests = collect();
if (values.out) writeFileSync(resolve(values.out), JSON.stringify(tests));
const names = namesIn(tests, parts);
if (!values.against) console.log(names.join('\n'));
else {
  const { gone, added } = difference(namesIn(JSON.parse(readFileSync(values.against, 'utf8')), parts), names);
  for (const name of gone) console.log(`gone  ${name}`);
  for (const name of added) console.log(`new   ${name}`);
  console.log(`${names.length} tests, ${gone.length} gone, ${added.length} new`);
  process.exitCode = gone.length === 0 ? 0 : 1;
}

function collect() {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-tests-'));
  try {
    const file = join(folder, 'list.json');
    const args = ['exec', '--', 'vitest', 'list', `--json=${file}`, ...parts];
    const { status, stderr } = spawnSync('npm', args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`vitest list ended with ${status}:\n${stderr}`);
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
