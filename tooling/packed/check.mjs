// Every package as a user gets it: packed, linted (publint, attw), installed from tarballs with its peers alone, the js blocks of its README run in plain Node.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocksOf } from '../docs/blocks.mjs';
import { root } from '../fresh/prepare.mjs';
import { catalog, packAll, tool, workspaceFile } from './pack.mjs';

const problems = [];
const only = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'advrob-packed-'));
const packages = new Map(
  readdirSync(join(root, 'packages')).map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    const examples = blocksOf(`packages/${folder}/README.md`).filter(({ language }) => language === 'js');
    return [manifest.name, { folder, manifest, examples, place: join(work, folder) }];
  }),
);
const wanted = [...packages].filter(([, { folder }]) => only.length === 0 || only.includes(folder));
const versions = catalog();
const tarballs = packAll(work);

for (const [name] of wanted) lint(name);
if (install(wanted)) for (const [name] of wanted) runExamples(name);
rmSync(work, { recursive: true, force: true });
for (const problem of problems) console.error(problem);
console.log(`packed: ${wanted.length} packages, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function lint(name) {
  const tarball = tarballs[name];
  const manifest = run(tool('publint'), ['--strict', tarball], root);
  if (manifest.status !== 0) problems.push(`${name}: publint: ${manifest.stdout}${manifest.stderr}`);
  const types = run(tool('attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'], root);
  if (types.status !== 0) problems.push(`${name}: attw: ${types.stdout}${types.stderr}`);
}

/** A folder for a consumer of each package, all installed at once: nothing is hoisted, so each finds only what it declares. */
function install(consumers) {
  for (const [name, { folder, examples, place }] of consumers) {
    if (examples.length === 0) problems.push(`${name}: its README has no js block to run`);
    mkdirSync(place);
    const manifest = { name: `consumer-of-${folder}`, private: true, type: 'module', dependencies: neededFor(name) };
    writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  }
  writeFileSync(join(work, 'package.json'), JSON.stringify({ private: true }));
  const folders = consumers.map(([, { folder }]) => folder);
  writeFileSync(join(work, 'pnpm-workspace.yaml'), `${workspaceFile(tarballs, folders)}hoist: false\n`);
  const { status, stdout, stderr } = run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'], work);
  if (status !== 0) problems.push(`install from tarballs failed: ${stdout}${stderr}`);
  return status === 0;
}

/** The package, its peers, and what the examples of its README say that they need. */
function neededFor(name) {
  const ours = [...family(name)];
  const infos = packages.get(name).examples.map(({ info }) => /(?:^|\s)needs=(\S+)/.exec(info)?.[1]);
  const extra = infos.flatMap((needs) => needs?.split(',') ?? []);
  return Object.fromEntries(
    [...ours, ...peersOf(ours), ...extra].map((each) => [
      each,
      packages.has(each) ? `file:${tarballs[each]}` : versions[each],
    ]),
  );
}

/** The package and all of ours that it depends on or expects beside it. */
function family(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const { dependencies = {} } = packages.get(name).manifest;
  for (const other of [...Object.keys(dependencies), ...requiredPeers(name)])
    if (packages.has(other)) family(other, seen);
  return seen;
}

function peersOf(names) {
  return names.flatMap(requiredPeers).filter((peer) => !packages.has(peer));
}

function requiredPeers(name) {
  const { peerDependencies = {}, peerDependenciesMeta = {} } = packages.get(name).manifest;
  return Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
}

function runExamples(name) {
  const { examples, place } = packages.get(name);
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

function run(command, args, cwd) {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
}
