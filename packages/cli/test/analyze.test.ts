import { parseRecord, withoutTiming, type RunRecord } from '@advrob/evaluation';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, complaintsIn, runCommandLine, runHere, type Ended } from './command-line.js';

const experiment = `version: 1
name: analysed
dataset: { name: mnist, options: { validation: 1000 } }
threat: { norm: linf, epsilon: 0.1 }
architecture: { name: mlp, options: { hidden: [16] } }
training: { steps: 60, batchSize: 64, learningRate: 0.1, take: 1280 }
models:
  - id: standard
    train: { objective: erm }
  - id: robust
    train: { objective: pgd-at, attack: { name: pgd, options: { steps: 2, stepSize: 0.06 } } }
analyses:
  - { name: logit-comparison, take: 60, options: { attackSteps: 3, exemplars: 2, attackLoss: margin } }
  - { name: loss-surface, take: 32, options: { axes: 1, points: 3, adversary: frozen, attack: { name: bim, options: { steps: 2 } } } }
  - { name: flatness, id: flat, models: robust, take: 32, options: { directions: 1 } }
  - { name: orthogonal-robustness, models: [robust], take: 20, options: { from: 20, examples: 10, subspace: { components: 4 } } }
  - { name: linear-smoothness, options: { count: 20, pairs: 10 } }
`;

let folder = '';

beforeAll(async () => {
  expect(existsSync(bin), 'the command is built').toBe(true);
  folder = await mkdtemp(join(tmpdir(), 'advrob-analyze-'));
  await writeFile(join(folder, 'experiment.yaml'), experiment);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const advrob = (args: readonly string[]): Promise<Ended> => runHere(folder, args);
const spawned = (args: readonly string[], killAfter?: number): Promise<Ended> =>
  runCommandLine(folder, args, killAfter);
const recordOf = async (out: string): Promise<RunRecord> =>
  parseRecord(await readFile(join(folder, out, 'record.json'), 'utf8'));

/** What a command that fails says. */
async function complaintOf(args: readonly string[]): Promise<string> {
  const { code, stderr } = await advrob(args);
  expect(code).toBeGreaterThan(0);
  return stderr;
}

/** The numbers of a JSON value in order. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

describe('analyses of a config', () => {
  let record: RunRecord;

  it('run on trained models without an evaluation, and are in the record and on the page', async () => {
    const ended = await spawned(['run', 'experiment.yaml', '--out', 'whole']);
    const names = ['analysed', 'standard', 'robust', 'logit', 'loss', 'flat', 'orthogonal', 'linear'];
    expect(complaintsIn(ended.stderr, names)).toBe('');
    // Every figure of ours is one that a report draws.
    expect(await readFile(join(folder, 'whole/report.html'), 'utf8')).not.toContain('Not drawn');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('Analysis flat of robust:\n  Random directions of relative length 0.3 raise');
    record = await recordOf('whole');
    expect(record.models).toEqual([]);
    expect(record.data).toBeUndefined();
    expect(record.analyses.map(({ id }) => id)).toEqual([
      'logit-comparison',
      'loss-surface-standard',
      'loss-surface-robust',
      'flat',
      'orthogonal-robustness',
      'linear-smoothness',
    ]);
    const [logits, surface] = record.analyses;
    expect(logits!.models['robust']).toMatchObject({ name: 'robust' });
    expect(logits!.data).toMatchObject({ name: 'mnist', split: 'test', length: 60 });
    expect(logits!.figures.length).toBeGreaterThan(5);
    expect(surface!.options).toMatchObject({ attack: { attack: 'bim' } });
    const page = await readFile(join(folder, 'whole/report.html'), 'utf8');
    expect(page).toContain('Loss surface: standard');
    for (const file of ['analysis-logit-comparison-logits-gap.svg', 'analysis-flat-flatness.csv'])
      expect(existsSync(join(folder, 'whole/figures', file)), file).toBe(true);
  }, 300_000);

  it('are the same bits when killed on the way and started again', async () => {
    await spawned(['run', 'experiment.yaml', '--out', 'killed'], 4000);
    const ended = await spawned(['run', 'experiment.yaml', '--out', 'killed']);
    expect(ended.code).toBe(0);
    const resumed = await recordOf('killed');
    expect({ ...withoutTiming(resumed), command: '' }).toEqual({ ...withoutTiming(record), command: '' });
    const again = await spawned(['run', 'experiment.yaml', '--out', 'killed']);
    expect(again.code).toBe(0);
    expect((await recordOf('killed')).analyses).toEqual(resumed.analyses);
  }, 300_000);

  it.each([
    ['an option', ['analyses.flat.options.directions=0'], 'directions'],
    ['a role', ['analyses.logit-comparison.models={ robst: robust }'], "has no role 'robst': did you mean robust"],
    ['a model', ['analyses.flat.models=robus'], 'did you mean robust'],
    ['two of one name', ['analyses.flat.id=linear-smoothness'], "two analyses are called 'linear-smoothness'"],
    [
      'data that do not fit',
      ['models.robust.architecture={ name: mlp, options: { inputShape: [9] } }'],
      /'logit-comparison', model 'robust': the model takes \[9\].*\[28, 28, 1\]/,
    ],
  ])('names %s that is wrong before anything is trained', async (_what, settings, message) => {
    const flags = settings.flatMap((setting) => ['--set', setting]);
    expect(await complaintOf(['run', 'experiment.yaml', '--out', 'wrong', ...flags])).toMatch(message);
    expect(existsSync(join(folder, 'wrong/models'))).toBe(false);
  });
});

describe('advrob analyze', () => {
  const weights = 'whole/models/robust/last.safetensors';
  const model = ['--model', weights];
  const backends = ['cpu', 'onnxruntime'] as const;

  it('gives the same numbers on two backends to 1e-3', async () => {
    const measured: number[][] = [];
    for (const backend of backends) {
      const args = ['analyze', 'logit-statistics', ...model, '--take', '50', '--epsilon', '0.1'];
      const settings = ['--set', 'attackSteps=3', '--set', 'attackLoss=margin', '--set', 'mnist.validation=1000'];
      const ended = await advrob([...args, ...settings, '--backend', backend, '--out', backend, '--json']);
      expect(ended.code, ended.stderr).toBe(0);
      const record = await recordOf(backend);
      expect(JSON.parse(ended.stdout)).toEqual(record);
      expect(record.environment.backend).toBe(backend);
      const [{ tables, models }] = record.analyses as [RunRecord['analyses'][number]];
      expect(models['model']!.name).toBe('robust');
      measured.push(numbersIn(tables));
    }
    const [plain, fast] = measured as [number[], number[]];
    expect(plain.length).toBeGreaterThan(70);
    expect(fast.length).toBe(plain.length);
    const farthest = Math.max(...plain.map((value, i) => Math.abs(value - fast[i]!) / Math.max(1, Math.abs(value))));
    expect(farthest).toBeLessThan(1e-3);
  }, 200_000);

  it('runs an analysis that takes neither models nor data', async () => {
    const ended = await advrob(['analyze', 'linear-smoothness', '--set', 'pairs=5', '--seed', '7', '--out', 'theory']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(/Log-log slopes of the change of the gradient/);
    expect((await recordOf('theory')).analyses[0]!.options).toMatchObject({ pairs: 5, seed: 7 });
  });

  it.each([
    ['no model', ['flatness'], /looks at one model: --model <path>.*ADVROB_USAGE/],
    ['no roles', ['logit-comparison', '--model', weights], /--model standard=<path> --model robust=<path>/],
    ['another role', ['flatness', '--model', `modle=${weights}`], /did you mean model/],
    ['a model for none', ['linear-smoothness', '--model', weights], /looks at no models/],
    ['another analysis', ['flatnes', '--model', weights], /did you mean flatness/],
    ['an unknown option', ['flatness', ...model, '--set', 'lenght=1'], /did you mean length/],
    ['no threat', ['flatness', ...model], /analysis 'flatness': it needs a threat/],
    [
      'other data',
      ['flatness', ...model, '--dataset', 'diagonal', '--epsilon', '0.1'],
      /analysis 'flatness', model 'robust': the model takes \[28, 28, 1\].*data set 'diagonal' has \[2\]/,
    ],
  ])('says what is wrong: %s', async (_what, args, message) => {
    expect(await complaintOf(['analyze', ...args, '--out', 'none'])).toMatch(message);
  });
});
