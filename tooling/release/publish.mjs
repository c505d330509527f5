// What the release workflow runs to publish: every manifest gets its repository, then changesets publishes what npm does not have yet.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';
import { withRepository } from './repository.mjs';

for (const name of readdirSync(join(root, 'packages'))) {
  const file = join(root, 'packages', name, 'package.json');
  const manifest = withRepository(JSON.parse(readFileSync(file, 'utf8')), `packages/${name}`, process.env);
  writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
}
// Its output is read by the action, which makes the tags.
const { status } = spawnSync('pnpm', ['exec', 'changeset', 'publish'], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
