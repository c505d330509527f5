// What a finished run takes to get one more attack and one more model, against runs of these alone, by CPU time.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf } from './folders.mjs';

const bin = new URL('../../packages/cli/dist/bin.js', import.meta.url).pathname;
const tellCpu = `process.on('exit', () => process.stderr.write('\\ncpu ' + JSON.stringify(process.cpuUsage())))`;

/** CPU seconds of a command. */
function cpuOf(cwd, args) {
  return new Promise((resolve, reject) => {
    const program = ['--import', `data:text/javascript,${encodeURIComponent(tellCpu)}`, bin, ...args];
    const child = spawn(process.execPath, program, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-4000)));
    child.on('close', (code) => {
      const { user, system } = JSON.parse(/cpu (\{.*\})/.exec(stderr)?.[1] ?? '{}');
      if (code === 0) resolve((user + system) / 1e6);
      else reject(new Error(`${args.join(' ')}: ${code} ${stderr}`));
    });
  });
}

const pgd = { name: 'pgd', options: { steps: 10 } };
const apgd = { name: 'apgd-ce', options: { steps: 20 } };
const train = (objective) => ({ objective, steps: 30, batchSize: 64 });
const [standard, robust, third] = [
  { id: 'standard', train: train('erm') },
  { id: 'robust', train: train('pgd-at') },
  { id: 'third', train: train('trades') },
];

function experiment(models, attacks) {
  return {
    version: 1,
    name: 'extended',
    dataset: { name: 'mnist', options: {} },
    threat: { norm: 'linf', epsilon: 0.1 },
    architecture: { name: 'compact-cnn', options: {} },
    training: { attack: { name: 'pgd', options: { steps: 5 } } },
    models,
    evaluation: { take: 100, batchSize: 50, attacks, checks: false },
  };
}

/**
 * { extension, alone, startup, isSame }: CPU seconds beyond those of the same commands on finished folders, these seconds of the extended run,
 * and whether it ends as one that had everything from the start.
 */
export async function measureExtension() {
  const home = mkdtempSync(join(tmpdir(), 'advrob-extension-'));
  const configs = {
    before: experiment([standard, robust], [pgd]),
    after: experiment([standard, robust, third], [pgd, apgd]),
    model: experiment([third], [pgd, apgd]),
  };
  const run = (name, out) => cpuOf(home, ['run', `${name}.json`, '--out', out]);
  const attack = (id) => [
    ...['evaluate', '--model', `run/models/${id}/last.safetensors`, '--take', '100', '--batch-size', '50'],
    ...['--attack', 'apgd-ce', '--set', 'apgd-ce.steps=20', '--epsilon', '0.1', '--out', `attack-${id}`],
  ];
  /** Beyond what the same command takes when all is done. */
  const beyond = async (command) => {
    const whole = await command();
    const startup = await command();
    return { seconds: whole - startup, startup };
  };
  try {
    for (const [name, config] of Object.entries(configs))
      writeFileSync(join(home, `${name}.json`), JSON.stringify(config));
    await run('before', 'run');
    const extension = await beyond(() => run('after', 'run'));
    const alone = [await beyond(() => run('model', 'model'))];
    for (const id of ['standard', 'robust']) alone.push(await beyond(() => cpuOf(home, attack(id))));
    const extended = contentOf(join(home, 'run'));
    rmSync(join(home, 'run'), { recursive: true });
    await run('after', 'run');
    return {
      extension: extension.seconds,
      alone: alone.reduce((sum, { seconds }) => sum + seconds, 0),
      startup: extension.startup,
      isSame: contentOf(join(home, 'run')) === extended,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The same as lines of a page. @throws Error when the extended run is another than one from the start. */
export async function extensionLines() {
  const { extension, alone, startup, isSame } = await measureExtension();
  if (!isSame) throw new Error('the extended run does not end as one that had everything from the start');
  return [
    `A finished run of two of the demo's networks under PGD gets a third model and APGD-CE in ${extension.toFixed(1)} s of CPU, ${(extension / alone).toFixed(2)} times the ${alone.toFixed(1)} s that the training and attacks of the third and APGD-CE on the other two take by themselves; each time without the ${startup.toFixed(1)} s that the same command takes when nothing is left to do. The folder is, times aside, bit for bit that of a run that had all of it from the start.`,
  ];
}
