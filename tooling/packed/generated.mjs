// What `npm create advrob-plugin` makes, one plugin of each kind, outside of the repo against packed tarballs: type-checked under NodeNext and bundler
// resolution, linted, built, its tests run, listed by the command under its own name; the commands of its README are run, with fewer steps and examples.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds } from '../../packages/create-advrob-plugin/dist/index.js';
import { packAll, workspaceFile } from './pack.mjs';

const work = mkdtempSync(join(tmpdir(), 'advrob-generated-'));
try {
  const begun = performance.now();
  const tarballs = packAll(work);
  mkdirSync(join(work, 'plugins'));
  writeFileSync(
    join(work, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { 'create-advrob-plugin': `file:${tarballs['create-advrob-plugin']}` },
    }),
  );
  writeFileSync(join(work, 'pnpm-workspace.yaml'), workspaceFile(tarballs, ['plugins/*']));
  run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'], work);
  for (const kind of kinds)
    run(
      join(work, 'node_modules/.bin/create-advrob-plugin'),
      [`my-${kind}`, '--kind', kind, '--out', `plugins/my-${kind}`, '--author', 'Ada'],
      work,
    );
  run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'], work);
  compileForBundlers();
  for (const kind of kinds) {
    const place = join(work, 'plugins', `my-${kind}`);
    run('npm', ['run', 'typecheck'], place);
    run('npm', ['run', 'lint'], place);
    run('npm', ['run', 'build'], place);
    const tests = /Tests\s+(\d+) passed/.exec(run('npm', ['test'], place))?.[1];
    const [, listed] = /advrob list (\w+)/.exec(manifestOf(place).scripts.list);
    const advrob = join(place, 'node_modules/.bin/advrob');
    const rows = JSON.parse(run(advrob, ['list', listed, '--plugin', './dist/index.js', '--json'], place));
    const own = rows.find(({ name }) => name === `my-${kind}`);
    if (own?.plugin !== `advrob-plugin-my-${kind}`) throw new Error(`my-${kind} is not listed as its plugin's`);
    const commands = readmeCommands(place);
    for (const [, ...args] of commands) run(advrob, args, place);
    console.log(`ok ${kind}: compiles, ${tests} tests, lint, listed, ${commands.length} commands of its README`);
  }
  console.log(`generated: 6 plugins in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** All plugins in one program, which each take what is installed for them. */
function compileForBundlers() {
  const place = join(work, 'plugins', `my-${kinds[0]}`);
  const config = {
    extends: './tsconfig.json',
    compilerOptions: { module: 'ESNext', moduleResolution: 'bundler' },
    include: ['../*/src', '../*/test'],
  };
  writeFileSync(join(place, 'tsconfig.bundler.json'), JSON.stringify(config));
  run(join(place, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.bundler.json'], place);
}

function manifestOf(place) {
  return JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
}

/** The lines of a plugin's README that run the command, as words, made short. */
function readmeCommands(place) {
  const lines =
    readFileSync(join(place, 'README.md'), 'utf8').match(/^npx advrob (train|evaluate|analyze) .*$/gm) ?? [];
  if (lines.length === 0) throw new Error(`${place}: its README runs no command`);
  return lines.map((line) => {
    const words = line.split(' ').slice(1);
    return [...words, ...(words[1] === 'train' ? ['--steps', '3'] : ['--take', '20'])];
  });
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} failed (${status}) in ${cwd}:\n${stdout}\n${stderr}`);
}
