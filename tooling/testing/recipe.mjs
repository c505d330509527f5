// Follows "Add an attack" of CONTRIBUTING.md once, line by line, with the attack of the plugin template, in a copy of packages/attacks: after each line the
// check of what is still missing must fail with the sentence that names the next file, and in the end all of the attack's tests must pass.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

const [name, identifier] = ['recipe-trial', 'recipeTrial'];
const copy = join(root, '.cache/recipe');
const attacks = join(copy, 'packages/attacks');
const template = (file) =>
  readFileSync(join(root, 'packages/create-advrob-plugin/templates/attack', file), 'utf8')
    .replaceAll('__identifier__', identifier)
    .replaceAll('__name__', name)
    .replace(
      /^( {2})summary: .*$/m,
      "$&\n$1paper: 'Author 2026, Title of a paper, https://arxiv.org/abs/2601.00001, section 1',",
    );

/** The lines of the recipe, each with the sentence that asks for it while it is missing. */
const lines = [
  { does: () => write('src/recipe-trial.ts', template('src/__name__.ts')) },
  {
    asked: `attack '${name}' has no test: write packages/attacks/src/${name}.test.ts, which calls contractOf(${identifier}, ...)`,
    does: () =>
      write(
        'src/recipe-trial.test.ts',
        `import { contractOf } from '../test/contract/contract.js';
import { ${identifier} } from './${name}.js';

contractOf(${identifier}, { rows: [{ attack: ${identifier}(), differsBySeed: true }] });
`,
      ),
  },
  {
    asked: `attack '${name}' is not exported: add ${name}.js to packages/attacks/src/attacks.ts`,
    does: () => append('src/attacks.ts', `export { ${identifier} } from './${name}.js';\n`),
  },
  {
    asked: `attack '${name}' has no row in the table of packages/attacks/README.md: add one with scores | Linf | fixed`,
    does: () =>
      write(
        'README.md',
        read('README.md').replace(/^(\| \[`bim`\].*)$/m, `$1\n| \`${name}\` | scores | Linf | fixed | - |`),
      ),
  },
];

const begun = performance.now();
try {
  prepare();
  lines[0].does();
  for (const { asked, does } of lines.slice(1)) {
    const { failed, output } = vitest('src/plugin.test.ts');
    if (!failed || !output.includes(asked))
      throw new Error(`without a line of the recipe its check does not say "${asked}":\n${output}`);
    does();
  }
  const { failed, output } = vitest('src/plugin.test.ts', `src/${name}`);
  if (failed) throw new Error(`after all lines of the recipe tests fail:\n${output}`);
  const tests = /Tests\s+(\d+) passed/.exec(output)?.[1];
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(`recipe: an attack after CONTRIBUTING.md, each missing line asked for, ${tests} tests, ${seconds} s`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** A tree in which packages/attacks is a copy and everything else the repository itself. */
function prepare() {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(join(copy, 'packages'), { recursive: true });
  for (const each of ['node_modules', 'tooling', 'package.json']) link(each);
  // A link would be read as the repository's own.
  cpSync(join(root, 'vitest.config.ts'), join(copy, 'vitest.config.ts'));
  for (const each of readdirSync(join(root, 'packages'))) if (each !== 'attacks') link(`packages/${each}`);
  for (const each of ['src', 'test', 'README.md', 'package.json', 'vitest.config.ts', 'tsconfig.json'])
    cpSync(join(root, 'packages/attacks', each), join(attacks, each), { recursive: true });
  link('packages/attacks/node_modules');
}

function link(path) {
  symlinkSync(join(root, path), join(copy, path));
}

function read(path) {
  return readFileSync(join(attacks, path), 'utf8');
}

function write(path, text) {
  writeFileSync(join(attacks, path), text);
}

function append(path, text) {
  write(path, read(path) + text);
}

function vitest(...files) {
  const args = ['vitest', 'run', '--reporter=default', ...files];
  const env = { ...process.env, NO_COLOR: '1', ADVROB_TEST_BACKEND: 'cpu' };
  const { status, stdout, stderr } = spawnSync('npx', args, { cwd: attacks, encoding: 'utf8', env });
  return { failed: status !== 0, output: `${stdout}${stderr}` };
}
