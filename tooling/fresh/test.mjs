// `npm test`: everything a fresh clone needs, then every test. Other flags go to vitest. `--since=COMMIT` runs only the tests of packages that have changed
// since then, or build on such.
import { changedSince } from '../testing/changed.mjs';
import { prepare, pnpm } from './prepare.mjs';

prepare();
const args = process.argv.slice(2);
const since = args.find((arg) => arg.startsWith('--since='));
const others = args.filter((arg) => arg !== since);
if (!since) pnpm(['exec', 'vitest', 'run', ...others]);
else {
  const changed = changedSince(since.slice('--since='.length));
  console.log(`Tests to run: ${changed.join(' ') || 'none'}`);
  // A shard may have none of a few files.
  if (changed.length > 0) pnpm(['exec', 'vitest', 'run', '--passWithNoTests', ...others, ...changed]);
}
