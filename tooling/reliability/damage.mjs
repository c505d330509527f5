// Damages files of a finished run at random, one at a time: `advrob report` has to refuse or name each, and what a run can make good it has to make good.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../packages/cli/dist/index.js';
import { experimentOf, onPoints } from './experiment.mjs';
import { contentOf, filesOf } from './folders.mjs';

/** What happens to bytes at random places; each differs from what was there. */
const damages = {
  flip: (bytes) => bytes.with(at(bytes), bytes[last] ^ (1 << Math.floor(8 * Math.random()))),
  truncate: (bytes) => bytes.slice(0, at(bytes)),
  zero(bytes) {
    const copy = bytes.slice();
    return copy.fill(0, at(bytes), last + 16);
  },
  digit(bytes) {
    const places = [...bytes.keys()].filter((i) => bytes[i] >= 0x30 && bytes[i] <= 0x39);
    if (places.length === 0) return damages.flip(bytes);
    last = places[Math.floor(places.length * Math.random())];
    return bytes.with(last, 0x30 + ((bytes[last] - 0x30 + 1 + Math.floor(9 * Math.random())) % 10));
  },
};
let last = 0;
const at = (bytes) => (last = Math.floor(bytes.length * Math.random()));

/** Files of one kind are as good as each other. */
const kindOf = (file) =>
  file
    .replaceAll('\\', '/')
    .replace(/^figures\/.*\./, 'figures/*.')
    .replace(/\/\d+[^/]*/g, '/*');

/** Runs the command in this process; gives its exit code and what it says on standard error. */
async function advrob(args) {
  const [error, out] = [process.stderr.write, process.stdout.write];
  let stderr = '';
  process.stderr.write = (text) => ((stderr += text), true);
  process.stdout.write = () => true;
  try {
    return { code: await main(args), stderr };
  } finally {
    [process.stderr.write, process.stdout.write] = [error, out];
  }
}

/** What a run cannot find out again, so that a damaged one is named and stays: of it nothing else in the folder tells what was there. */
const isLost = (file) => file.endsWith('previous.safetensors');

/** Puts `bytes` in the place of a file of a copy of the finished run, or of another folder. */
function hurt(file, bytes, whole = 'whole') {
  rmSync('hurt', { recursive: true, force: true });
  cpSync(whole, 'hurt', { recursive: true });
  writeFileSync(join('hurt', file), bytes);
}

/** The files of each kind, and a way to go through kinds and damages so that each kind meets each damage in turn. */
function* hurting(whole) {
  const byKind = new Map();
  for (const file of filesOf(whole)) byKind.set(kindOf(file), [...(byKind.get(kindOf(file)) ?? []), file]);
  const kinds = [...byKind.keys()].sort();
  for (let i = 0; ; i++) {
    const round = Math.floor(i / kinds.length);
    const files = byKind.get(kinds[i % kinds.length]);
    const file = files[Math.floor(files.length * Math.random())];
    const name = Object.keys(damages)[(i + round) % 4];
    const sound = new Uint8Array(readFileSync(join(whole, file)));
    const bytes = damages[name](sound);
    if (Buffer.compare(sound, bytes) !== 0) yield { file, name, sound, bytes, round, kinds };
  }
}

/**
 * Each kind of file meets each kind of damage in turn; after the first of each kind of file the same run is started again.
 *
 * @param {number} count Damages in all.
 * @param {number} until Milliseconds: half for the damages, the rest for what is made good.
 */
export async function damageAll(count, until = Infinity) {
  const home = mkdtempSync(join(tmpdir(), 'advrob-damage-'));
  const begun = performance.now();
  const found = { damages: 0, noticed: 0, healed: 0, healings: 0, kinds: [], byDamage: {} };
  const problems = [];
  try {
    process.chdir(home);
    writeFileSync('points.json', JSON.stringify(experimentOf({ everyTrainer: false })));
    const whole = await advrob(['run', 'points.json', '--out', 'whole']);
    if (whole.code !== 0) throw new Error(whole.stderr);
    const expected = contentOf('whole');
    const toHeal = [];
    const ofShards = Math.round(0.15 * count);
    for (const { file, name, sound, bytes, round, kinds } of hurting('whole')) {
      if (found.damages >= count - ofShards || performance.now() - begun > 0.5 * until) break;
      found.kinds = kinds;
      hurt(file, bytes);
      const { code, stderr } = await advrob(['report', 'hurt']);
      found.damages++;
      found.byDamage[name] = (found.byDamage[name] ?? 0) + 1;
      const isPage = /^(report|figures)/.test(file);
      if (stderr.includes(file) && code === (isPage ? 0 : 1)) found.noticed++;
      else problems.push(`${name} of ${file} at ${last}: ${code} ${stderr}`);
      if (isPage) {
        if (Buffer.compare(sound, new Uint8Array(readFileSync(join('hurt', file)))) !== 0)
          problems.push(`${file} is not as before`);
        continue;
      }
      if (round === 0 && !isLost(file)) toHeal.push({ what: `${name} of ${file} at ${last}`, file, bytes });
    }
    await damageShards(ofShards, begun + 0.7 * until, found, problems);
    for (const { what, file, bytes } of toHeal) {
      if (performance.now() - begun > until) break;
      hurt(file, bytes);
      const again = await advrob(['run', 'points.json', '--out', 'hurt']);
      found.healings++;
      if (again.code === 0 && contentOf('hurt') === expected) found.healed++;
      else problems.push(`${what} was not made good: ${again.code} ${again.stderr}`);
    }
  } finally {
    process.chdir(tmpdir());
    rmSync(home, { recursive: true, force: true });
  }
  return { ...found, problems };
}

/** The same for the files of shards, which `advrob merge` reads: it refuses them, naming the shard, or ends with what intact ones give. */
async function damageShards(count, deadline, found, problems) {
  const model = filesOf('whole').find((file) => file.endsWith('last.safetensors'));
  const shard = (share, out) => [
    ...['evaluate', '--model', join('whole', model), ...onPoints, '--take', '40', '--batch-size', '10'],
    ...['--attack', 'fgsm', '--epsilon', '3', '--save-adversarial', '--shard', share, '--out', out],
  ];
  const done = async (args) => {
    const { code, stderr } = await advrob(args);
    if (code !== 0) throw new Error(stderr);
  };
  rmSync('hurt', { recursive: true, force: true });
  for (const share of ['0/2', '1/2']) await done(shard(share, 'hurt'));
  cpSync('hurt', 'shards-whole', { recursive: true });
  await done(['merge', 'hurt', '--out', 'merged']);
  const expected = contentOf('merged');
  const isHealed = new Set();
  let damaged = 0;
  for (const { file, name, bytes, kinds } of hurting('shards-whole')) {
    if (damaged >= count || performance.now() > deadline) break;
    if (damaged === 0) found.kinds = [...found.kinds, ...kinds.map((kind) => `shard: ${kind}`)];
    hurt(file, bytes, 'shards-whole');
    rmSync('merged', { recursive: true, force: true });
    const { code, stderr } = await advrob(['merge', 'hurt', '--out', 'merged']);
    damaged++;
    found.damages++;
    found.byDamage[name] = (found.byDamage[name] ?? 0) + 1;
    const what = `${name} of ${file} at ${last}`;
    if (code === 0 ? contentOf('merged') === expected : /hurt/.test(stderr)) found.noticed++;
    else problems.push(`${what}: ${code} ${stderr}`);
    if (code === 0 || isHealed.has(kindOf(file))) continue;
    isHealed.add(kindOf(file));
    found.healings++;
    const [, index] = /shards\/(\d)-of/.exec(file);
    const again = await advrob(shard(`${index}/2`, 'hurt'));
    const merged = await advrob(['merge', 'hurt', '--out', 'merged']);
    if (again.code === 0 && merged.code === 0 && contentOf('merged') === expected) found.healed++;
    else problems.push(`${what} was not made good: ${again.code} ${again.stderr} ${merged.code} ${merged.stderr}`);
  }
}
