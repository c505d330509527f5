// Builds the documentation site: `pnpm site` writes tooling/site/.cache/dist. A link that leads nowhere fails the build.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markdownFiles } from '../docs/blocks.mjs';
import { root } from '../fresh/prepare.mjs';
import { buildPlayground } from '../../apps/playground/build.mjs';
import { writeApi } from './api.mjs';
import { leaderboard } from './leaderboard.mjs';
import { pageOf, withSiteLinks } from './pages.mjs';

// Beside the manifest that has VitePress and Vue, so that they are found.
const stage = join(root, 'tooling/site/.cache');
rmSync(stage, { recursive: true, force: true });
mkdirSync(join(stage, '.vitepress'), { recursive: true });
writeFileSync(join(stage, '.vitepress/config.mjs'), "export { default } from '../../config.mjs';\n");
for (const file of markdownFiles()) {
  const to = join(stage, pageOf(file));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, withSiteLinks(readFileSync(join(root, file), 'utf8'), file));
}
// Pictures keep their places beside the pages.
for (const [from, to] of [
  ['studies', 'studies'],
  ['docs', '.'],
])
  for (const name of readdirSync(join(root, from), { recursive: true }))
    if (/\.(svg|png)$/.test(name)) cpSync(join(root, from, name), join(stage, to, name));
const cards = JSON.parse(readFileSync(join(root, 'packages/zoo/src/cards.json'), 'utf8'));
writeFileSync(join(stage, 'leaderboard.md'), leaderboard(cards));

const begun = performance.now();
await writeApi(join(stage, 'api'));
console.log(`API reference in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
const { status } = spawnSync('npx', ['vitepress', 'build', stage, '--outDir', join(stage, 'dist')], {
  cwd: join(root, 'tooling/site'),
  stdio: 'inherit',
});
if (status === 0) await buildPlayground(join(stage, 'dist/playground'));
process.exitCode = status ?? 1;
