import { parseExamples, parseRecord, withoutTiming, type RunRecord } from '@advrob/evaluation';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, complaintsIn, runCommandLine, runHere, type Ended } from './command-line.js';

/** An experiment on real MNIST that takes seconds: two small models, two attacks. */
const smallExperiment = `version: 1
name: small
dataset: { name: mnist, options: { validation: 1000 } }
threat: { norm: linf, epsilon: 0.1 }
architecture: { name: mlp, options: { hidden: [32] } }
training: { steps: 60, batchSize: 64, learningRate: 0.1, take: 2560, logEvery: 10, checkpointEvery: 7 }
models:
  - id: standard
    train: { objective: erm }
  - id: pgd-at
    train:
      objective: pgd-at
      attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } }
      validation: { take: 200, every: 1 }
evaluation:
  take: 120
  batchSize: 50
  attacks:
    - { name: fgsm }
    - { name: pgd, options: { steps: 5, stepSize: 0.03 }, epsilon: [0.05, 0.1] }
`;

let folder = '';
let config = '';

beforeAll(async () => {
  expect(existsSync(bin), 'the command is built').toBe(true);
  folder = await mkdtemp(join(tmpdir(), 'advrob-run-'));
  config = join(folder, 'experiment.yaml');
  await writeFile(config, smallExperiment);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const advrob = (args: readonly string[]): Promise<Ended> => runHere(folder, args);
const spawned = (args: readonly string[], killAfter?: number): Promise<Ended> =>
  runCommandLine(folder, args, killAfter);

const recordOf = async (out: string): Promise<RunRecord> =>
  parseRecord(await readFile(join(folder, out, 'record.json'), 'utf8'));

describe('advrob run', () => {
  let whole: RunRecord;
  let duration = 0;

  it('trains, evaluates and reports on real MNIST', async () => {
    const start = performance.now();
    const ended = await spawned(['run', config, '--out', 'whole', '--json']);
    duration = performance.now() - start;
    expect(complaintsIn(ended.stderr, ['standard', 'pgd-at', 'small'])).toBe('');
    expect(ended.code).toBe(0);
    whole = await recordOf('whole');
    expect(JSON.parse(ended.stdout)).toEqual(whole);
    const [standard, robust] = whole.models;
    expect(standard!.clean.rate).toBeGreaterThan(0.6);
    expect(robust!.training!.method).toBe('pgd-at');
    expect(whole.data).toMatchObject({ name: 'mnist', split: 'test', length: 120 });
    const examples = parseExamples(await readFile(join(folder, 'whole/models/standard/examples.jsonl'), 'utf8'));
    expect(examples.map(({ index }) => index)).toEqual(Array.from({ length: 120 }, (_, i) => i));
    expect(examples.filter(({ robust: withstood }) => withstood).length).toBe(standard!.robust.count);
    const page = await readFile(join(folder, 'whole/report.html'), 'utf8');
    expect(page).toContain('pgd-at');
    const metrics = (await readFile(join(folder, 'whole/models/pgd-at/metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics.map((line) => (JSON.parse(line) as { type: string }).type)).toContain('validation');
  }, 300_000);

  it('killed with SIGKILL at three random moments and started again, ends with the same record, log and weights, bit for bit', async () => {
    let kills = 0;
    for (const share of Array.from({ length: 3 }, Math.random)) {
      const ended = await spawned(['run', config, '--out', 'killed'], 1500 + share * Math.max(1000, duration / 2));
      if (ended.code === null) kills++;
    }
    expect((await spawned(['run', config, '--out', 'killed'])).code).toBe(0);
    expect(kills).toBeGreaterThan(0);
    const resumed = await recordOf('killed');
    expect({ ...withoutTiming(resumed), command: '' }).toEqual({ ...withoutTiming(whole), command: '' });
    for (const file of [
      'models/pgd-at/metrics.jsonl',
      'models/pgd-at/last.safetensors',
      'models/standard/examples.jsonl',
    ]) {
      const [a, b] = await Promise.all(['whole', 'killed'].map((out) => readFile(join(folder, out, file))));
      expect(Buffer.compare(a!, b!), file).toBe(0);
    }
  }, 600_000);

  it('refuses a folder with another config, naming the key', async () => {
    const ended = await advrob(['run', config, '--out', 'whole', '--set', 'training.steps=61']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('training.steps: 60 -> 61');
    expect(ended.stderr).toContain('ADVROB_RUN_MISMATCH');
  });

  it('ends with 1 when a requirement is not met: a model that learned nothing fails by its clean accuracy', async () => {
    const ended = await advrob([
      'run',
      config,
      '--out',
      'constant',
      '--set',
      'training.learningRate=1e-9',
      '--set',
      'training.steps=1',
      '--set',
      'evaluation.take=50',
      '--set',
      'evaluation.require={ pgd-at: { attack: pgd, cleanAtLeast: 0.9, robustAtLeast: 0.01 } }',
    ]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/NOT MET: pgd-at: clean accuracy/);
  }, 120_000);

  it('makes the page anew from the record alone', async () => {
    const before = await readFile(join(folder, 'whole/report.html'), 'utf8');
    await rm(join(folder, 'whole/report.html'));
    expect((await advrob(['report', 'whole'])).code).toBe(0);
    expect(await readFile(join(folder, 'whole/report.html'), 'utf8')).toBe(before);
  });
});

describe('the single steps', () => {
  it('train, evaluate by safetensors, attack', async () => {
    const trained = await spawned([
      'train',
      '--architecture',
      'mlp',
      '--steps',
      '30',
      '--take',
      '2000',
      '--learning-rate',
      '0.1',
      '--set',
      'mlp.hidden=[16]',
      '--out',
      'mine',
      '--json',
    ]);
    expect(complaintsIn(trained.stderr, ['mlp:'])).toBe('');
    const { weights } = JSON.parse(trained.stdout) as { weights: string };
    const flags = [
      '--model',
      weights,
      '--take',
      '30',
      '--epsilon',
      '0.05,1/10',
      '--attack',
      'pgd',
      '--attack',
      'fgsm',
      '--set',
      'pgd.steps=3',
      '--set',
      'stepSize=0.02',
    ];
    const evaluated = await advrob(['evaluate', ...flags, '--out', 'measured', '--json']);
    expect(evaluated.code).toBe(0);
    const record = await recordOf('measured');
    expect(
      record.models[0]!.attacks.map(({ label, points, options }) => [
        label,
        points.map(({ epsilon }) => epsilon),
        options,
      ]),
    ).toEqual([
      ['pgd', [0.05, 0.1], expect.objectContaining({ steps: 3, stepSize: 0.02 })],
      ['fgsm', [0.05, 0.1], expect.objectContaining({ stepSize: 0.02 })],
    ]);
    const lines = parseExamples(await readFile(join(folder, 'measured/examples.jsonl'), 'utf8'));
    expect(lines.length).toBe(30);
    expect(Object.keys(lines[0]!)).toEqual(
      expect.arrayContaining([
        'index',
        'label',
        'cleanPrediction',
        'cleanCorrect',
        'robust',
        'success',
        'fooledBy',
        'distance',
        'queries',
      ]),
    );

    const attacked = await advrob([
      'attack',
      '--model',
      weights,
      '--take',
      '10',
      '--attack',
      'pgd',
      '--epsilon',
      '0.1',
      '--out',
      'crafted',
      '--json',
    ]);
    expect(JSON.parse(attacked.stdout)).toMatchObject({ examples: 10 });
  }, 180_000);

  it('evaluates a conv net under Square in batches of 64 on the default backend', async () => {
    const trained = await advrob([
      'train',
      '--architecture',
      'compact-cnn',
      '--steps',
      '2',
      '--take',
      '256',
      '--out',
      'conv',
      '--json',
    ]);
    const { weights } = JSON.parse(trained.stdout) as { weights: string };
    const flags = [
      '--model',
      weights,
      '--take',
      '64',
      '--batch-size',
      '64',
      '--epsilon',
      '0.01',
      '--attack',
      'square',
      '--set',
      'queries=6',
    ];
    const ended = await advrob(['evaluate', ...flags, '--out', 'square', '--json']);
    expect(ended.code).toBe(0);
    expect((await recordOf('square')).models[0]!.attacks[0]!.points[0]!.robust.total).toBe(64);
  }, 120_000);

  it.each([
    [['evaluate', '--model', 'none', '--attack', 'pgd', '--epsilon', '0.1', '--out', 'x'], /no model at none/],
    [['evaluate', '--model', 'none', '--attack', 'pdg', '--epsilon', '0.1', '--out', 'x'], /did you mean pgd/],
    [
      ['evaluate', '--model', 'none', '--attack', 'pgd', '--epsilon', '0.1', '--set', 'stpes=1', '--out', 'x'],
      /did you mean steps/,
    ],
    [
      ['evaluate', '--model', 'none', '--attack', 'pgd', '--epsilon', 'big', '--out', 'x'],
      /epsilon: expected a number/,
    ],
    [['evaluate', '--model', 'none', '--attack', 'pgd'], /required option '--epsilon/],
    [
      ['evaluate', '--model', 'none', '--attack', 'pgd', '--epsilon', '0.1', '--backend', 'node', '--out', 'x'],
      /npm install @tensorflow\/tfjs-node/,
    ],
    [['list', 'atacks'], /did you mean attacks/],
    [['list', '--plugin', './nothing.js'], /plugin '.\/nothing.js' cannot be imported/],
    [['run', 'none.yaml'], /cannot read none.yaml/],
    [['nonsense'], /unknown command/],
  ])('bad usage %j', async (args, message) => {
    const ended = await advrob(args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/ {4}at /);
    expect(ended.code).toBe(args.includes('node') ? 1 : 2);
  });
});

describe('advrob list and doctor', () => {
  it('lists parts of every kind with options, as JSON too', async () => {
    const ended = await advrob(['list', 'attacks', '--json']);
    const parts = JSON.parse(ended.stdout) as { name: string; options: { name: string; default?: unknown }[] }[];
    expect(parts.find(({ name }) => name === 'pgd')!.options.find(({ name }) => name === 'steps')).toMatchObject({
      default: 40,
      type: 'integer >= 1',
    });
    expect((await advrob(['list'])).stdout).toMatch(
      /^attacks: [\s\S]*^objectives: [\s\S]*^optimizers: [\s\S]*^datasets: [\s\S]*^models: /m,
    );
  });

  it('shows every attack with its paper, what it sees, and its options with their ranges', async () => {
    interface Option {
      name: string;
      type: string;
      description?: string;
    }
    const ended = await advrob(['list', 'attacks', '--json']);
    const parts = JSON.parse(ended.stdout) as {
      name: string;
      paper?: string;
      knowledge: string;
      norms: string[];
      options: Option[];
    }[];
    for (const { name, paper, knowledge, norms, options } of parts) {
      expect(paper, name).toMatch(/\d{4}/);
      expect(['gradients', 'scores', 'labels'], name).toContain(knowledge);
      expect(norms.length, name).toBeGreaterThan(0);
      for (const option of options) {
        expect(option.type, `${name}.${option.name}`).not.toMatch(/^any$|undefined/);
        expect(option.description, `${name}.${option.name}`).toBeTypeOf('string');
      }
    }
    expect(parts.find(({ name }) => name === 'transfer')!.options).toMatchObject([
      { name: 'surrogate', type: 'model' },
      { name: 'attack', type: 'attack' },
    ]);
    const { stdout } = await advrob(['list', 'attacks']);
    for (const { name } of parts) expect(`\n${stdout}`).toContain(`\n${name} [`);
    const one = await advrob(['list', 'hopskipjump']);
    expect(one.stdout).toMatch(/Chen et al\. 2020[\s\S]* {2}steps: integer >= 1 = 64 {2}rounds/);
    expect(one.stdout).toMatch(
      /sees labels; looks for the smallest perturbation; one of the attacks of\s+@advrob\/attacks/,
    );
    expect((await advrob(['list', 'hopskipjmp'])).stderr).toMatch(/did you mean hopskipjump/);
  });

  it('doctor names the backend in use and why', async () => {
    const ended = await spawned(['doctor', '--json']);
    const found = JSON.parse(ended.stdout) as {
      backend: { name: string; why: string };
      backends: { name: string; state: string }[];
    };
    expect(found.backend.name).toBe('onnxruntime');
    expect(found.backends.find(({ name }) => name === 'cpu')!.state).toBe('works');
    expect(ended.code).toBe(0);
  }, 120_000);
});
