// The time left that commands show against the time that they took: a small form of the demo, in a pipe and in terminals; a training, PGD and AutoAttack in
// one batch.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;
const bin = join(root, 'packages/cli/dist/bin.js');
const { parse } = createRequire(join(root, 'packages/cli/package.json'))('yaml');

/** The demo with three of its models, each with a share of its steps, and three attacks. */
export function experiment(share = 1 / 3, take = 200) {
  const demo = parse(readFileSync(join(root, 'packages/cli/experiments/demo.yaml'), 'utf8'));
  const fewer = ({ steps, ...rest }) => ({ ...rest, ...(steps && { steps: Math.round(share * steps) }) });
  const { require: _, attacks, checks: _checks, ...evaluation } = demo.evaluation;
  const { analyses: _analyses, ...rest } = demo;
  const wanted = ['fgsm', 'pgd', 'square'];
  return {
    ...rest,
    training: fewer(demo.training),
    models: demo.models
      .filter(({ id }) => ['standard', 'pgd-at', 'trades'].includes(id))
      .map(({ id, train }) => ({ id, train: fewer(train) })),
    evaluation: { ...evaluation, take, checks: false, attacks: attacks.filter(({ name }) => wanted.includes(name)) },
  };
}

/** What a command writes to its terminal of so many columns (0: to a pipe), with the seconds since its start. */
function watch(args, columns) {
  const quoted = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ');
  // `script` of util-linux is a terminal.
  const [command, ...rest] =
    columns === 0
      ? [process.execPath, bin, ...args]
      : ['script', '-qfec', `stty cols ${columns}; exec ${quoted}`, '/dev/null'];
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const now = () => (performance.now() - begun) / 1000;
    const child = spawn(command, rest, { stdio: ['ignore', columns === 0 ? 'ignore' : 'pipe', 'pipe'] });
    const lines = [];
    const listen = (chunk) => {
      for (const part of chunk.toString().split(/[\r\n]/)) {
        // eslint-disable-next-line no-control-regex -- what moves the cursor
        const text = part.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim();
        if (text !== '') lines.push({ at: now(), text });
      }
    };
    child.stdout?.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve({ lines, total: now() }) : reject(new Error(lines.at(-1)?.text)),
    );
  });
}

const seconds = (clock) => clock.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);

/** The time left over the truth where a share of the command is done, and the longest time without a change. */
function judge({ lines, total }) {
  const told = lines.flatMap(({ at, text }) => {
    const [, least, clock] = /(at least )?(\d+(?::\d\d)+) left/.exec(text) ?? [];
    return clock === undefined ? [] : [{ at, left: seconds(clock), isAll: least === undefined }];
  });
  const ratioAt = (share) => {
    const before = told.filter(({ at }) => at <= share * total).at(-1);
    return before && Math.max(0, before.left - (share * total - before.at)) / ((1 - share) * total);
  };
  const changes = lines.filter(({ text }, i) => text !== lines[i - 1]?.text).map(({ at }) => at);
  const still = Math.max(...[...changes, total].map((at, i) => at - (changes[i - 1] ?? 0)));
  return { total, ratios: [0.1, 0.25, 0.5, 0.75].map(ratioAt), still };
}

/** Rows { what, columns, total, ratios, still } of every command, and of the first in terminals of some widths, 0 for a pipe. */
export async function measureProgress(widths = [0]) {
  const folder = mkdtempSync(join(tmpdir(), 'advrob-progress-'));
  const config = join(folder, 'experiment.json');
  writeFileSync(config, JSON.stringify(experiment()));
  const weights = join(folder, 'run-0/models/standard/last.safetensors');
  const evaluate = (attack, take, ...rest) => [
    ...['evaluate', '--model', weights, '--attack', attack, '--epsilon', '0.1', '--take', take, '--batch-size', take],
    ...rest,
  ];
  const trained = ['--architecture', 'lenet5', '--objective', 'pgd-at', '--attack', 'pgd', '--set', 'pgd.steps=5'];
  const commands = {
    run: ['run', config],
    train: ['train', ...trained, '--epsilon', '0.2', '--steps', '50', '--batch-size', '64'],
    'evaluate, PGD in one batch': evaluate('pgd', '500', '--set', 'pgd.steps=100'),
    'evaluate, AutoAttack in one batch': evaluate(
      'autoattack',
      '60',
      '--set',
      'autoattack.steps=50',
      '--set',
      'autoattack.queries=1000',
    ),
  };
  try {
    const rows = [];
    for (const [i, [what, args]] of Object.entries(commands).entries())
      for (const columns of i === 0 ? widths : [0]) {
        const out = join(folder, `${args[0]}-${i === 0 ? columns : i}`);
        const row = { what, columns, ...judge(await watch([...args, '--out', out], columns)) };
        process.stderr.write(`${JSON.stringify(row)}\n`);
        rows.push(row);
      }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same as lines of a page. */
export async function progressLines() {
  const rows = await measureProgress();
  return [
    '| command | where | seconds | time left over the truth at 10% | 25% | 50% | 75% | longest without a change, seconds |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ what, columns, total, ratios, still }) => {
      const shown = ratios.map((ratio) => ratio?.toFixed(2) ?? 'not told').join(' | ');
      return `| ${what} | ${columns === 0 ? 'pipe' : `${columns} columns`} | ${total.toFixed(0)} | ${shown} | ${still.toFixed(1)} |`;
    }),
  ];
}
