// The memory of commands on a million examples: points in four dimensions, so that it takes minutes.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { flagsOf, onPoints, points, withNet } from './experiment.mjs';

const bin = new URL('../../packages/cli/dist/bin.js', import.meta.url).pathname;

/** Runs the command; gives the most memory that it held, in MB. */
function peakOf(cwd, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let [peak, stderr] = [0, ''];
    child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-2000)));
    const look = setInterval(() => (peak = Math.max(peak, highest(child.pid))), 20);
    child.on('close', (code) => {
      clearInterval(look);
      if (code === 0) resolve(peak);
      else reject(new Error(`${args.join(' ')}: ${code} ${stderr}`));
    });
  });
}

function highest(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

/** Rows { what, megabytes }: two models evaluated, one of them in two shards, then everything that reads what they left. */
export async function measureLarge(examples = 1e6) {
  const home = mkdtempSync(join(tmpdir(), 'advrob-large-'));
  const attack = ['--attack', 'fgsm', '--epsilon', '0.1,0.5', '--batch-size', String(Math.ceil(examples / 50))];
  const evaluate = (seed) => [
    ...['evaluate', '--model', `trained-${seed}`, ...onPoints, ...flagsOf(points.name, { count: examples })],
    ...['--split', 'train', ...attack, '--out', `run-${seed}`],
  ];
  const rows = [];
  const measure = async (what, args) => rows.push({ what, megabytes: await peakOf(home, args) });
  try {
    for (const seed of ['1', '2'])
      await peakOf(home, [
        'train',
        ...withNet,
        ...onPoints,
        '--steps',
        '100',
        '--seed',
        seed,
        '--out',
        `trained-${seed}`,
      ]);
    await measure('evaluate', evaluate('1'));
    for (const shard of ['0/2', '1/2'])
      await measure(`evaluate --shard ${shard}`, [...evaluate('2'), '--shard', shard]);
    await measure('merge', ['merge', 'run-2', '--out', 'run-2']);
    await measure('report', ['report', 'run-2']);
    await measure('compare', ['compare', 'run-1', 'run-2', '--out', 'compared']);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return rows;
}

/** The same as lines of a page. @throws Error when a command needs more than 1 GB. */
export async function largeLines(examples = 1e6) {
  const rows = await measureLarge(examples);
  const over = rows.filter(({ megabytes }) => megabytes > 1000).map(({ what }) => what);
  if (over.length > 0) throw new Error(`more than 1 GB: ${over.join(', ')}`);
  return [
    `${examples.toLocaleString('en')} examples of FGSM at two radii; the limit is 1,000 MB.`,
    '',
    '| command | most memory, MB |',
    '| --- | --- |',
    ...rows.map(({ what, megabytes }) => `| \`${what}\` | ${Math.round(megabytes)} |`),
  ];
}
