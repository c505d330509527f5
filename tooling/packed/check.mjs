// Every package as a user gets it: packed, linted (publint, attw), installed from tarballs with its peers alone, the js blocks of its README run in plain Node.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { root } from '../fresh/prepare.mjs';
import { blocksOf } from '../docs/blocks.mjs';
import { packAll, workspaceFile } from './pack.mjs';

const problems = [];
const only = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'advrob-packed-'));
const packages = new Map(
  readdirSync(join(root, 'packages')).map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    return [manifest.name, { folder, manifest, path: join(root, 'packages', folder) }];
  }),
);
const catalog = Object.fromEntries(
  [...readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').matchAll(/^ {2}'?([@\w/.-]+)'?: (\d\S+)$/gm)].map(
    ([, name, version]) => [name, version],
  ),
);

function run(command, args, cwd, options = {}) {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000, ...options });
}

const tarballs = packAll(work);

/** The package and all of ours that it depends on or expects beside it. */
function family(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = packages.get(name).manifest;
  for (const other of Object.keys({ ...dependencies, ...peerDependencies }))
    if (packages.has(other) && !peerDependenciesMeta[other]?.optional) family(other, seen);
  return seen;
}

function peersOf(names) {
  const peers = {};
  for (const name of names) {
    const { peerDependencies = {}, peerDependenciesMeta = {} } = packages.get(name).manifest;
    for (const peer of Object.keys(peerDependencies))
      if (!packages.has(peer) && !peerDependenciesMeta[peer]?.optional) peers[peer] = catalog[peer];
  }
  return peers;
}

for (const [name, { folder }] of packages) {
  if (only.length > 0 && !only.includes(folder)) continue;
  const tarball = tarballs[name];
  const lint = run('npx', ['publint', '--strict', tarball], root);
  if (lint.status !== 0) problems.push(`${name}: publint: ${lint.stdout}${lint.stderr}`);
  const types = run('npx', ['attw', tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'], root);
  if (types.status !== 0) problems.push(`${name}: attw: ${types.stdout}${types.stderr}`);

  const examples = blocksOf(`packages/${folder}/README.md`).filter(({ language }) => language === 'js');
  if (examples.length === 0) {
    problems.push(`${name}: its README has no js block to run`);
    continue;
  }
  const ours = [...family(name)];
  const place = join(work, folder);
  mkdirSync(place);
  const wanted = examples.flatMap(({ info }) => /(?:^|\s)needs=(\S+)/.exec(info)?.[1].split(',') ?? []);
  const extra = Object.fromEntries(
    wanted.map((each) => [each, packages.has(each) ? `file:${tarballs[each]}` : catalog[each]]),
  );
  const dependencies = {
    ...peersOf(ours),
    ...Object.fromEntries(ours.map((each) => [each, `file:${tarballs[each]}`])),
    ...extra,
  };
  writeFileSync(
    join(place, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }),
  );
  writeFileSync(join(place, 'pnpm-workspace.yaml'), workspaceFile(tarballs));
  const install = run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'], place);
  if (install.status !== 0) {
    problems.push(`${name}: install from tarballs failed: ${install.stdout}${install.stderr}`);
    continue;
  }
  for (const { code, line } of examples) {
    writeFileSync(join(place, 'example.mjs'), code);
    const start = performance.now();
    const ran = run('node', ['example.mjs'], place);
    // tfjs greets on standard error when its plain JavaScript backend starts.
    const complaints = ran.stderr
      .replace(/\n?={5,}\nHi, looks like you are running TensorFlow\.js[\s\S]*?={5,}\n?/g, '')
      .trim();
    if (ran.status !== 0 || complaints !== '')
      problems.push(`${name}: README example in line ${line} (status ${ran.status}): ${complaints}\n${ran.stdout}`);
    else
      console.log(`ok ${name}: README example in line ${line}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

rmSync(work, { recursive: true, force: true });
for (const problem of problems) console.error(problem);
console.log(`packed: ${packages.size} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
