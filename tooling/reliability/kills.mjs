// Kills every command at random moments and lets it go on, until it ends: with the same bits as one that was never killed, and nothing left over.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentOf } from './experiment.mjs';
import { advrob, contentOf, filesOf } from './folders.mjs';

const data = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
const net = ['inputShape=[4]', 'numClasses=2', 'bounds=[-20, 20]'].flatMap((each) => ['--set', `mlp.${each}`]);
const cpu = ['--backend', 'cpu'];
const measured = ['--model', 'trained', '--take', '20', '--epsilon', '0.5', ...cpu, ...data];

/** Each command with its share of the kills; `report` and `compare` work on what `run` has made. */
const train = ['train', '--architecture', 'mlp', '--steps', '60', '--batch-size', '16', ...net, ...cpu, ...data];
const commands = [
  ['train', 0.15, train],
  ['evaluate', 0.15, ['evaluate', ...measured, '--attack', 'pgd', '--batch-size', '5', '--save-adversarial']],
  ['analyze', 0.1, ['analyze', 'logit-statistics', ...measured]],
  ['attack', 0.05, ['attack', ...measured, '--attack', 'pgd']],
  ['run', 0.5, ['run', 'trainers.json']],
  ['compare', 0.05, ['compare', 'whole-run']],
];

/**
 * @param {number} kills In all.
 * @param {number} until Milliseconds after which no further kill is begun.
 */
export async function killAll(kills, until = Infinity) {
  const home = mkdtempSync(join(tmpdir(), 'advrob-kills-'));
  const begun = performance.now();
  const counts = {};
  const problems = [];
  let shares = 0;
  try {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'trainers.json'), JSON.stringify(experimentOf({ everyTrainer: true })));
    await advrob(home, [...train, '--out', 'trained']);
    for (const [name, share, args] of commands) {
      counts[name] = { kills: 0, ended: 0 };
      const start = performance.now();
      const first = await advrob(home, [...args, '--out', `whole-${name}`]);
      const duration = performance.now() - start;
      if (first.code !== 0) throw new Error(`${name}: ${first.stderr}`);
      const expected = contentOf(join(home, `whole-${name}`));
      const out = `killed-${name}`;
      const finish = async () => {
        const { code, stderr } = await advrob(home, [...args, '--out', out]);
        if (code !== 0) problems.push(`${name} ended with ${code}: ${stderr}`);
        else if (contentOf(join(home, out)) !== expected) problems.push(`${name} ended with other content`);
        const left = filesOf(join(home, out)).filter((file) => /\.tmp$|\.lock$/.test(file));
        if (left.length > 0) problems.push(`${name} left ${left.join(', ')}`);
        counts[name].ended++;
        rmSync(join(home, out), { recursive: true, force: true });
      };
      let sinceEnd = 0;
      // Each command has its share of the time, too.
      shares += share;
      while (counts[name].kills < Math.round(kills * share) && performance.now() - begun < until * shares) {
        const { code, stderr } = await advrob(home, [...args, '--out', out], Math.random() * duration);
        if (code === null) counts[name].kills++;
        else if (code !== 0) problems.push(`${name} ended with ${code}: ${stderr}`);
        // A few kills to one end.
        if (++sinceEnd >= 5) {
          await finish();
          sinceEnd = 0;
        }
      }
      if (sinceEnd > 0) await finish();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return { counts, problems, trainers: experimentOf({ everyTrainer: true }).models.length };
}
