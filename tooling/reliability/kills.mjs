// Kills every command at random moments and lets it go on, until it ends: with the same bits as one that was never killed, and nothing left over.
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentOf } from './experiment.mjs';
import { advrob, contentOf, filesOf } from './folders.mjs';

const data = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
const net = ['inputShape=[4]', 'numClasses=2', 'bounds=[-20, 20]'].flatMap((each) => ['--set', `mlp.${each}`]);
const cpu = ['--backend', 'cpu'];
const measured = ['--model', 'trained', '--take', '20', '--epsilon', '0.5', ...cpu, ...data];
const train = ['train', '--architecture', 'mlp', '--steps', '60', '--batch-size', '16', ...net, ...cpu, ...data];

/** Kills of a command before it is let to its end. */
const killsPerEnd = 5;

/**
 * Each command with its share of the kills. `spread`: the share of its work within which it is killed, less where several kills shall meet
 * all of it. `report` makes the pages of a finished run anew and `compare` reads one, so their pages are those of before, times and all.
 */
const commands = [
  { name: 'run', share: 0.4, spread: 0.3, args: ['run', 'trainers.json'] },
  { name: 'train', share: 0.15, spread: 0.8, args: train },
  {
    name: 'evaluate',
    share: 0.15,
    spread: 0.8,
    args: ['evaluate', ...measured, '--attack', 'pgd', '--batch-size', '5', '--save-adversarial'],
  },
  { name: 'analyze', share: 0.1, spread: 0.8, args: ['analyze', 'logit-statistics', ...measured] },
  { name: 'attack', share: 0.1, spread: 0.8, args: ['attack', ...measured, '--attack', 'pgd'] },
  { name: 'compare', share: 0.05, spread: 0.8, isExact: true, args: ['compare', 'whole-run'] },
  { name: 'report', share: 0.05, spread: 0.8, isExact: true, args: ['report'] },
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
    const trained = await advrob(home, [...train, '--out', 'trained'], 'trained');
    if (trained.code !== 0) throw new Error(trained.stderr);
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

async function killOne(home, { name, spread, args, isExact }, kills, deadline, problems) {
  const [whole, out] = [`whole-${name}`, `killed-${name}`];
  const begin = (folder) => {
    if (name === 'report') cpSync(join(home, 'whole-run'), join(home, folder), { recursive: true });
  };
  const start = (folder, killAfter) =>
    advrob(home, name === 'report' ? [...args, folder] : [...args, '--out', folder], folder, killAfter);
  // Under the same name: a record has the name of its folder.
  begin(out);
  const first = await start(out);
  if (first.code !== 0) throw new Error(`${name}: ${first.stderr}`);
  const expected = contentOf(join(home, out), isExact);
  renameSync(join(home, out), join(home, whole));
  const count = { kills: 0, ended: 0 };
  let sinceEnd = 0;
  const finish = async () => {
    const { code, stderr } = await start(out);
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
    begin(out);
  };
  begin(out);
  while (count.kills < kills && (performance.now() < deadline || count.kills === 0)) {
    const { code, stderr } = await start(out, Math.random() * spread * first.duration);
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
