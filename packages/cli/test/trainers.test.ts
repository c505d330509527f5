import { createRegistry, optionNames, type TrainingPlan } from '@advrob/core';
import { parseRecord, withoutTiming, type RunRecord } from '@advrob/evaluation';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtIn } from '../src/plugins/built-in.js';
import { runCommandLine } from './command-line.js';

/** Options that make a recipe quick, by name, for every recipe that has them. */
const quick: Readonly<Record<string, unknown>> = { attackSteps: 2, innerSteps: 2, steps: 2, noiseVectors: 2 };

/**
 * Every trainer that the command brings, each with a small model of its own; an attack for those
 * that bring none.
 */
function everyTrainer(): { ids: string[]; config: string } {
  const registry = createRegistry(builtIn);
  const trainers = registry.list('trainers').map(({ name, definition }) => {
    const known = optionNames(definition.options);
    const options = Object.fromEntries(Object.entries(quick).filter(([key]) => known.includes(key)));
    const plan = registry.find('trainers', name)(options) as TrainingPlan;
    const attack = plan.attack ? {} : { attack: { name: 'pgd', options: { steps: 2 } } };
    const teacher = plan.objective.origin?.name === 'kd' ? { teacher: 'pgd-at' } : {};
    return { id: name, train: { trainer: { name, options }, ...attack, ...teacher } };
  });
  const config = {
    version: 1,
    name: 'trainers',
    dataset: { name: 'mnist', options: { validation: 1000 } },
    threat: { norm: 'linf', epsilon: 0.1 },
    architecture: { name: 'mlp', options: { hidden: [8] } },
    training: { steps: 6, batchSize: 32, learningRate: 0.01, take: 320, logEvery: 2, checkpointEvery: 2 },
    models: [{ id: 'untrained' }, ...trainers],
    evaluation: { take: 20, batchSize: 20, checks: false, attacks: [{ name: 'fgsm' }] },
  };
  return { ids: trainers.map(({ id }) => id), config: JSON.stringify(config) };
}

const { ids, config } = everyTrainer();
let folder = '';
let whole: RunRecord;
let duration = 0;

const recordOf = async (out: string): Promise<RunRecord> =>
  parseRecord(await readFile(join(folder, out, 'record.json'), 'utf8'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-trainers-'));
  await writeFile(join(folder, 'trainers.json'), config);
  const start = performance.now();
  const ended = await runCommandLine(folder, ['run', 'trainers.json', '--out', 'whole']);
  duration = performance.now() - start;
  expect(ended.stderr).not.toContain('advrob:');
  expect(ended.code).toBe(0);
  whole = await recordOf('whole');
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('knows the trainers of every package', () => {
  for (const name of ['pgd-at', 'trades', 'entropysgd', 'rat', 'awp-rat', 'dale-pd']) expect(ids).toContain(name);
});

it.each(ids)('%s runs from a config and changes the weights', (id) => {
  const model = whole.models.find(({ name }) => name === id)!;
  expect(model.training).toMatchObject({ method: id, steps: 6 });
  expect(model.modelHash).not.toBe(whole.models[0]!.modelHash);
  for (const { points } of model.training!.curves) for (const [, value] of points) expect(value).not.toBeNaN();
});

it('all of them, killed with SIGKILL at five random moments and started again, end with the same record and weights, bit for bit', async () => {
  let kills = 0;
  for (const share of Array.from({ length: 5 }, Math.random)) {
    const ended = await runCommandLine(
      folder,
      ['run', 'trainers.json', '--out', 'killed'],
      2000 + share * 0.4 * duration,
    );
    if (ended.code === null) kills++;
  }
  expect((await runCommandLine(folder, ['run', 'trainers.json', '--out', 'killed'])).code).toBe(0);
  expect(kills).toBeGreaterThan(0);
  const resumed = await recordOf('killed');
  expect({ ...withoutTiming(resumed), command: '' }).toEqual({ ...withoutTiming(whole), command: '' });
  for (const id of ids) {
    const [a, b] = await Promise.all(
      ['whole', 'killed'].map((out) => readFile(join(folder, out, 'models', id, 'last.safetensors'))),
    );
    expect(Buffer.compare(a!, b!), id).toBe(0);
  }
}, 600_000);
