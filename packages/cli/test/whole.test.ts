import {
  parseCard,
  parseExamples,
  parseRecord,
  withoutTiming,
  type ModelComparison,
  type RunRecord,
} from '@advrob/evaluation';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaintsIn, runCommandLine, runHere, type Ended } from './command-line.js';

/**
 * An experiment that uses what a config can ask for: a surrogate and a teacher by id, a minimal
 * norm, saved examples, checks, TensorBoard, notes. Seconds on MNIST.
 */
const wholeExperiment = `version: 1
name: whole
dataset: { name: mnist, options: { validation: 1000 } }
threat: { norm: linf, epsilon: 0.1 }
architecture: { name: mlp, options: { hidden: [32] } }
training: { steps: 40, batchSize: 64, learningRate: 0.1, take: 1280, logEvery: 10, checkpointEvery: 7, tensorboard: true, epsilonSchedule: { name: warm-up, length: 0.2, unit: run } }
models:
  - id: standard
    train: { objective: erm }
  - id: robust
    train: { objective: pgd-at, attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } } }
  - id: student
    train: { objective: { name: kd, options: { temperature: 4 } }, teacher: robust }
  - id: distilled
    train:
      objective: { name: kd-at, options: { standard: standard, robust: robust } }
      attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } }
evaluation:
  take: 60
  batchSize: 30
  saveAdversarial: true
  checks: { examples: 24, restarts: 2, queries: 30 }
  attacks:
    - { name: pgd, options: { steps: 6, stepSize: 0.03 }, epsilon: [0.05, 0.1] }
    - { name: transfer, options: { surrogate: robust, attack: { name: mim, options: { steps: 5 } } } }
    - { name: fab, options: { steps: 5 }, epsilon: [0.1, .inf] }
  notes:
    - { attack: pgd, robustBelow: 0.99, text: undertrained at this budget }
`;

let folder = '';
let record: RunRecord;
let printed = '';

const advrob = (...args: string[]): Promise<Ended> => runHere(folder, args);
const text = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-whole-'));
  await writeFile(join(folder, 'whole.yaml'), wholeExperiment);
  const ended = await runCommandLine(folder, ['run', 'whole.yaml', '--out', 'whole']);
  expect(complaintsIn(ended.stderr, ['whole', 'standard', 'robust', 'student', 'distilled'])).toBe('');
  expect(ended.code).toBe(0);
  printed = ended.stdout;
  record = parseRecord(await text('whole/record.json'));
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an experiment that names a surrogate, a teacher, a minimal norm, saved examples, checks and TensorBoard', () => {
  it('crafts on the trained surrogate, which the record identifies by its weights', () => {
    const [standard, robust] = record.models;
    const transfer = standard!.attacks.find(({ label }) => label === 'transfer')!;
    expect(transfer.options).toMatchObject({ surrogate: { model: robust!.modelHash }, attack: { attack: 'mim' } });
    expect(transfer.points[0]!.robust.rate).toBeLessThan(standard!.clean.rate);
  });

  it("trains the student on the teacher's outputs", () => {
    const student = record.models[2]!;
    expect(student.training).toMatchObject({ method: 'kd', steps: 40 });
    expect(student.clean.rate).toBeGreaterThan(0.3);
    const distilled = record.models[3]!;
    expect(distilled.training).toMatchObject({ method: 'kd-at', steps: 40 });
    const terms = distilled.training!.curves.map(({ name }) => name);
    expect(terms).toEqual(expect.arrayContaining(['ce', 'kdStandard', 'kdRobust']));
    expect(distilled.clean.rate).toBeGreaterThan(0.3);
  });

  it('judges a minimal-norm attack without a bound, at its radii and by its distances', () => {
    const fab = record.models[0]!.attacks.find(({ label }) => label === 'fab')!;
    expect(fab.points.map(({ epsilon }) => epsilon)).toEqual([0.1]);
    expect(fab.minimal!.median).toBeGreaterThan(0.01);
    expect(printed).toContain('fab linf, median distance');
    expect(printed).toContain(fab.minimal!.median!.toPrecision(3));
  });

  it('saves adversarial examples, and says apart what is left of them after rounding to 8 bits', () => {
    const { saved } = record.models[0]!.attacks[0]!.points[1]!;
    expect(saved!.examples).toBeGreaterThan(0);
    expect(saved!.confirmed).toBe(saved!.examples);
    expect(saved!.quantizedInside).toBeLessThanOrEqual(saved!.quantized);
    expect(existsSync(join(folder, 'whole/models/standard/adversarial/1-pgd/000000.safetensors'))).toBe(true);
    expect(printed).toContain('Saved adversarial examples that fool the model');
  });

  it('checks every model for false robustness, and its gradient', async () => {
    for (const { name } of record.models)
      expect(record.checks.filter((check) => check.model === name)).toHaveLength(21 + 1);
    expect(record.checks.filter(({ severity }) => severity === 'untested').map(({ name }) => name)).not.toContain(
      'transfer-beats-white-box',
    );
    expect(await text('whole/report.html')).toContain('Checks for false robustness');
  });

  it('says what training took, and puts the wanted words beside robust models alone', async () => {
    // The warm-up begins at radius 0, so the first of 40 steps takes none.
    expect(record.models.map(({ training }) => training!.adversarialGradients)).toEqual([
      undefined,
      39 * 64 * 2,
      undefined,
      39 * 64 * 2,
    ]);
    expect(record.models.map(({ note }) => note)).toEqual([
      undefined,
      'undertrained at this budget',
      undefined,
      'undertrained at this budget',
    ]);
    expect(printed).toMatch(/robust +4992 .*undertrained at this budget/);
    expect(await text('whole/report.md')).toContain('robust (undertrained at this budget) | 4,992');
  });

  it('writes an event file of whole records', async () => {
    const bytes = await readFile(join(folder, 'whole/models/robust/events.out.tfevents.0.advrob'));
    let records = 0;
    for (let at = 0; at < bytes.length; records++) at += 8 + 4 + Number(bytes.readBigUInt64LE(at)) + 4;
    const metrics = (await text('whole/models/robust/metrics.jsonl')).trim().split('\n');
    expect(records).toBe(1 + metrics.length);
    expect(bytes.includes('train/loss/total')).toBe(true);
  });

  it('started again, does nothing and ends with the same record', async () => {
    await rm(join(folder, 'whole/record.json'));
    const ended = await runCommandLine(folder, ['run', 'whole.yaml', '--out', 'whole']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(withoutTiming(parseRecord(await text('whole/record.json')))).toEqual(withoutTiming(record));
  }, 60_000);

  it('gives result cards', async () => {
    expect((await advrob('report', 'whole', '--card')).stdout).toContain('whole/models/robust/card.json');
    const card = parseCard(await text('whole/models/robust/card.json'));
    expect(card).toMatchObject({ threat: { norm: 'linf', epsilon: 0.1 }, model: { training: 'pgd-at' } });
    expect(card.attacks.map(({ label }) => label)).toEqual(['pgd', 'transfer', 'fab']);
    expect(card.checks!.made).toBeGreaterThan(15);
    const small = await advrob('report', 'whole', '--card', '--model', 'student', '--epsilon', '0.05', '--json');
    expect((JSON.parse(small.stdout) as { threat: object }[])[0]!.threat).toMatchObject({ epsilon: 0.05 });
    expect((await advrob('report', 'whole', '--epsilon', '0.05')).stderr).toContain('--epsilon is for --card');
  }, 60_000);

  it('compares its models example by example', async () => {
    const ended = await advrob('compare', 'whole', '--baseline', 'standard', '--out', 'compared', '--json');
    const comparisons = JSON.parse(ended.stdout) as ModelComparison[];
    expect(comparisons.map(({ first, second }) => [first, second])).toEqual([
      ['robust', 'standard'],
      ['student', 'standard'],
      ['distilled', 'standard'],
    ]);
    const [standard, robust] = record.models;
    const clean = comparisons[0]!.comparisons.find(({ kind }) => kind === 'clean')!;
    expect(clean.difference.difference).toBeCloseTo(robust!.clean.rate - standard!.clean.rate, 12);
    const lines = await Promise.all(
      ['robust', 'standard'].map(async (id) => parseExamples(await text(`whole/models/${id}/examples.jsonl`))),
    );
    const onlyRobust = lines[0]!.filter(({ cleanCorrect }, i) => cleanCorrect && !lines[1]![i]!.cleanCorrect).length;
    expect(clean.test.onlyFirst).toBe(onlyRobust);
    expect(await text('compared/report.html')).toContain('Paired comparisons');
    const people = await advrob('compare', 'whole');
    expect(people.stdout).toMatch(/robust against standard \(60 examples\)/);
    expect((await advrob('compare', 'whole', '--baseline', 'standrad')).stderr).toContain('did you mean standard?');
  }, 60_000);
});

describe('mistakes are found before any training', () => {
  it.each([
    ['a surrogate that is not there', 'surrogate: robust', 'surrogate: robot', /no model 'robot'.*did you mean robust/],
    ['an attack of an attack', 'attack: { name: mim,', 'attack: { name: mmi,', /did you mean mim/],
    ['an option of that attack', '{ steps: 5 } } }', '{ stpes: 5 } } }', /did you mean steps/],
    ['a student without a teacher', ', teacher: robust', '', /'kd' needs a teacher/],
    [
      'a teacher that comes later',
      'train: { objective: erm }',
      'train: { objective: kd, teacher: robust }',
      /put it above/,
    ],
    [
      'no bound for a fixed budget',
      'epsilon: [0.05, 0.1]',
      'epsilon: inf',
      /epsilon of attack 'pgd': expected one or more finite/,
    ],
    [
      'a bound for nobody',
      '  notes:',
      '  require: { robots: {} }\n  notes:',
      /there is standard, robust, student, distilled/,
    ],
  ])('%s', async (_, before, after, message) => {
    expect(wholeExperiment).toContain(before);
    await writeFile(join(folder, 'wrong.yaml'), wholeExperiment.replace(before, after));
    const ended = await advrob('run', 'wrong.yaml', '--out', 'wrong');
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/ {4}at /);
    expect(ended.code).toBe(2);
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });
});
