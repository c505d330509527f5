import '@tensorflow/tfjs-backend-cpu';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHere, type Ended } from './command-line.js';

const experiment = {
  version: 1,
  name: 'tiny',
  backend: { name: 'cpu' },
  dataset: { name: 'mnist', options: {} },
  threat: { norm: 'linf', epsilon: 0.1 },
  architecture: { name: 'mlp', options: { hidden: [8] } },
  training: { take: 96, batchSize: 32, steps: 4, learningRate: 0.1 },
  models: [{ id: 'standard', train: {} }],
  evaluation: { take: 24, batchSize: 24, attacks: [{ name: 'fgsm' }], checks: false },
};
const sweep = {
  version: 1,
  name: 'radii',
  base: 'experiment.json',
  vary: { seed: [0, 1], 'threat.epsilon': [0.02, 0.3] },
};
const arms = [
  'seed=0,threat.epsilon=0.02',
  'seed=0,threat.epsilon=0.3',
  'seed=1,threat.epsilon=0.02',
  'seed=1,threat.epsilon=0.3',
];

let folder = '';
const file = (...names: string[]) => join(folder, ...names);
const run = (name: string, ...args: string[]): Promise<Ended> => runHere(folder, ['sweep', name, ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-sweep-'));
  await writeFile(file('experiment.json'), JSON.stringify(experiment));
  await writeFile(file('sweep.json'), JSON.stringify(sweep));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('advrob sweep', () => {
  it('runs every arm, in one task or in several, into a page with means over seeds', async () => {
    const part = await run('sweep.json', '--out', 'parts', '--shard', '3/4');
    expect(part.stderr + part.stdout).toContain('1 of 4 arms have ended');
    expect(arms.map((arm) => existsSync(file('parts', arm, 'record.json')))).toEqual([false, false, false, true]);
    const weights = file('parts', arms[3]!, 'models/standard/last.safetensors');
    const before = await readFile(weights);

    const rest = await run('sweep.json', '--out', 'parts');
    expect(rest.code).toBe(0);
    expect(await readFile(weights)).toEqual(before);
    expect(rest.stdout).toContain('sweep.html, sweep.md, sweep.csv, sweep.json');

    const rows = JSON.parse(await readFile(file('parts/sweep.json'), 'utf8')) as {
      settings: object;
      model: string;
      robust: { n: number; mean: number; interval: number[] };
      runs: string[];
    }[];
    expect(rows.map(({ settings, model, robust, runs }) => ({ settings, model, n: robust.n, runs }))).toEqual([
      { settings: { 'threat.epsilon': 0.02 }, model: 'standard', n: 2, runs: [arms[0], arms[2]] },
      { settings: { 'threat.epsilon': 0.3 }, model: 'standard', n: 2, runs: [arms[1], arms[3]] },
    ]);
    const rates = await Promise.all(
      rows[0]!.runs.map(async (name) => {
        const record = JSON.parse(await readFile(file('parts', name, 'record.json'), 'utf8')) as {
          models: { robust: { rate: number } }[];
        };
        return record.models[0]!.robust.rate;
      }),
    );
    expect(rows[0]!.robust.mean).toBeCloseTo((rates[0]! + rates[1]!) / 2, 12);
    expect(await readFile(file('parts/sweep.csv'), 'utf8')).toMatch(/^threat\.epsilon,model,seeds,clean,/);
    expect(await readFile(file('parts/sweep.html'), 'utf8')).toContain('Robust accuracy against threat.epsilon');
    expect(existsSync(file('parts/figures/robust-accuracy-over-threat-epsilon.svg'))).toBe(true);
  });

  it('finds a mistake in the last arm before the first is trained, and says which arm', async () => {
    await writeFile(file('wrong.json'), JSON.stringify({ ...sweep, vary: { 'training.steps': [4, -1] } }));
    const { code, stderr } = await run('wrong.json', '--out', 'wrong');
    expect(code).toBe(2);
    expect(stderr).toMatch(/arm training\.steps=-1: .*training\.steps/s);
    expect(existsSync(file('wrong'))).toBe(false);
  });

  it.each([
    [{ ...sweep, vary: { seed: [] } }, /wrong2\.json:1:\d+: vary\.seed/],
    [{ ...sweep, vary: {} }, /nothing is varied/],
    [{ ...sweep, vray: {} }, /unknown key vray/],
    [{ ...sweep, vary: { seed: [1, 1] } }, /two arms are 'seed=1'/],
    [{ ...sweep, vary: { 'backend.threads': [1, 2] } }, /a sweep has one backend/],
  ])('refuses %j', async (config, says) => {
    await writeFile(file('wrong2.json'), JSON.stringify(config));
    const { code, stderr } = await run('wrong2.json', '--out', 'wrong');
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(existsSync(file('wrong'))).toBe(false);
  });

  it('lists arms that are no combination, and parts go by their names', async () => {
    const trainers = [{ trainer: 'fgsm-at' }, { trainer: 'pgd-at', steps: 2 }];
    const config = { ...sweep, vary: { 'models.standard.train': trainers }, arms: [{ 'training.steps': 2 }, {}] };
    await writeFile(file('parts.json'), JSON.stringify(config));
    const { openSweep } = await import('../src/config/sweep.js');
    const { arms: found } = await openSweep(file('parts.json'));
    expect(found.map(({ name }) => name)).toEqual([
      'models.standard.train=fgsm-at',
      'models.standard.train=pgd-at',
      'training.steps=2',
      'base',
    ]);
    expect(found[1]!.opened.experiment.models[0]!.train).toMatchObject({ trainer: { name: 'pgd-at' }, steps: 2 });
  });
});
