// Kills every command at random moments and lets it go on, until it ends: with the same bits as one that was never killed, and nothing left over.
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentOf, onPoints, withNet } from './experiment.mjs';
import { advrob, contentOf, filesOf } from './folders.mjs';

const measured = ['--model', 'trained', '--take', '20', '--epsilon', '0.5', ...onPoints];
const train = ['train', ...withNet, ...onPoints, '--steps', '60', '--batch-size', '16'];

/** Kills of a command before it is let to its end. */
const killsPerEnd = 5;

const evaluate = ['evaluate', ...measured, '--attack', 'pgd', '--batch-size', '5', '--save-adversarial'];
const inShard = (share, out) => [...evaluate, '--shard', share, '--out', out];

/**
 * Each command with its share of the kills. `args`: with the folder that it is to write; `held`: the folder whose lock it holds, where
 * that is another. `spread`: the share of its work within which it is killed, less where several kills shall meet all of it. `report` makes
 * the pages of a finished run anew and `compare` reads one, so their pages are those of before, times and all.
 */
const commands = [
  { name: 'run', share: 0.35, spread: 0.3, args: (out) => ['run', 'trainers.json', '--out', out] },
  { name: 'train', share: 0.13, spread: 0.8, args: (out) => [...train, '--out', out] },
  { name: 'evaluate', share: 0.1, spread: 0.8, args: (out) => [...evaluate, '--out', out] },
  { name: 'evaluate --jobs', share: 0.1, spread: 0.8, args: (out) => [...evaluate, '--jobs', '2', '--out', out] },
  {
    name: 'evaluate --shard',
    share: 0.08,
    spread: 0.8,
    args: (out) => inShard('0/2', out),
    held: (out) => `${out}/shards/0-of-2`,
  },
  { name: 'merge', share: 0.05, spread: 0.8, args: (out) => ['merge', 'sharded', '--out', out] },
  {
    name: 'analyze',
    share: 0.07,
    spread: 0.8,
    args: (out) => ['analyze', 'logit-statistics', ...measured, '--out', out],
  },
  { name: 'attack', share: 0.06, spread: 0.8, args: (out) => ['attack', ...measured, '--attack', 'pgd', '--out', out] },
  { name: 'compare', share: 0.03, spread: 0.8, isExact: true, args: (out) => ['compare', 'whole-run', '--out', out] },
  { name: 'report', share: 0.03, spread: 0.8, isExact: true, args: (out) => ['report', out], from: 'whole-run' },
];

/**
 * @param {number} kills In all.
 * @param {number} until Milliseconds after which no further kill is begun, but for one of each command.
 */
export async function killAll(kills, until = Infinity) {
  const home = mkdtempSync(join(tmpdir(), 'advrob-kills-'));
  const counts = {};
  const problems = [];
  const experiment = experimentOf({ everyTrainer: true });
  try {
    writeFileSync(join(home, 'trainers.json'), JSON.stringify(experiment));
    const before = [[...train, '--out', 'trained'], ...['0/2', '1/2'].map((share) => inShard(share, 'sharded'))];
    for (const args of before) {
      const { code, stderr } = await advrob(home, args, 'unwatched');
      if (code !== 0) throw new Error(stderr);
    }
    let deadline = performance.now();
    for (const command of commands) {
      deadline += until * command.share;
      counts[command.name] = await killOne(home, command, Math.round(kills * command.share), deadline, problems);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return { counts, problems, trainers: experiment.models.length };
}

async function killOne(home, command, kills, deadline, problems) {
  const { name, spread, args, isExact, from, held = (out) => out } = command;
  const [whole, out] = ['whole', 'killed'].map((word) => `${word}-${name.replaceAll(' ', '')}`);
  const begin = () => {
    if (from !== undefined) cpSync(join(home, from), join(home, out), { recursive: true });
  };
  const start = (killAfter) => advrob(home, args(out), held(out), killAfter);
  // Under the same name: a record has the name of its folder.
  begin();
  const first = await start();
  if (first.code !== 0) throw new Error(`${name}: ${first.stderr}`);
  const expected = contentOf(join(home, out), isExact);
  renameSync(join(home, out), join(home, whole));
  const count = { kills: 0, ended: 0 };
  let sinceEnd = 0;
  const finish = async () => {
    const { code, stderr } = await start();
    if (code !== 0) problems.push(`${name} ended with ${code}: ${stderr}`);
    else {
      const content = contentOf(join(home, out), isExact);
      if (content !== expected) problems.push(`${name} ended with other content: ${differing(content, expected)}`);
    }
    const left = filesOf(join(home, out)).filter((file) => /\.tmp$|\.lock$/.test(file));
    if (left.length > 0) problems.push(`${name} left ${left.join(', ')}`);
    count.ended++;
    sinceEnd = 0;
    rmSync(join(home, out), { recursive: true, force: true });
    begin();
  };
  begin();
  while (count.kills < kills && (performance.now() < deadline || count.kills === 0)) {
    const { code, stderr } = await start(Math.random() * spread * first.duration);
    if (code === null) {
      count.kills++;
      sinceEnd++;
    } else if (code !== 0) problems.push(`${name} ended with ${code}: ${stderr}`);
    // One that was too fast has left nothing to go on with.
    if (sinceEnd >= killsPerEnd || code !== null) await finish();
  }
  if (sinceEnd > 0) await finish();
  return count;
}

/** Names of the files that are not alike. */
function differing(...contents) {
  const [found, expected] = contents.map((content) => JSON.parse(content));
  const files = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return [...files].filter((file) => JSON.stringify(found[file]) !== JSON.stringify(expected[file])).join(', ');
}
