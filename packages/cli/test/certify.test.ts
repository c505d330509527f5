// Attacks and certifiers side by side, from flags and from a config, with the page and in shards.
import { parseExamples, parseRecord, type RunRecord } from '@advrob/evaluation';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere, type Ended } from './command-line.js';

const points = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
const net = ['--set', 'mlp.hidden=[8]', '--set', 'mlp.inputShape=[4]', '--set', 'mlp.numClasses=2'];
const evaluation = [
  ...['evaluate', '--backend', 'cpu', '--model', 'net', ...points, '--take', '20', '--batch-size', '6'],
  ...['--attack', 'fgsm', '--norm', 'l2', '--epsilon', '0.5,2', '--certify', 'smoothing'],
  ...['--set', 'smoothing.sigma=1', '--set', 'smoothing.draws=[100]', '--set', 'smoothing.select=20'],
];

let home = '';
const advrob = (...args: readonly string[]): Promise<Ended> => runHere(home, args);
const recordIn = async (folder: string): Promise<RunRecord> =>
  parseRecord(await readFile(join(home, folder, 'record.json'), 'utf8'));

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-certify-'));
  const train = [...points, '--architecture', 'mlp', ...net, '--set', 'mlp.bounds=[-20,20]', '--steps', '30'];
  const trained = await advrob('train', '--backend', 'cpu', ...train, '--learning-rate', '0.05', '--out', 'net');
  expect(trained.code, trained.stderr).toBe(0);
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

it('advrob evaluate --certify: record, examples, table and page say what is certified, and of what', async () => {
  const ended = await advrob(...evaluation, '--out', 'single');
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stdout).toContain('smoothing (of the smoothed classifier) in l2 at 0.5: certified');
  expect(ended.stdout).toContain('not for the model itself');
  const [model] = (await recordIn('single')).models;
  const [found] = model!.certificates!;
  expect(found).toMatchObject({
    label: 'smoothing',
    norm: 'l2',
    options: { sigma: 1, draws: [100], select: 20 },
    statement: { kind: 'probabilistic', alpha: 0.001, of: 'smoothed' },
    meanPasses: 120,
  });
  expect(found!.points.map(({ epsilon }) => epsilon)).toEqual([0.5, 2]);
  expect(found!.points[0]!.certified.count).toBeGreaterThan(0);
  expect(found!.points[0]!.atLeast).toBeLessThan(found!.points[0]!.certified.rate);
  expect(found!.radii!.average).toBeGreaterThan(0);
  // Of another classifier: no bound of this one.
  expect(model).not.toHaveProperty('bounds');
  const examples = parseExamples(await readFile(join(home, 'single', 'examples.jsonl'), 'utf8'));
  expect(examples.map(({ certificates }) => certificates!.length)).toEqual(new Array(20).fill(2));
  const page = await readFile(join(home, 'single', 'report.html'), 'utf8');
  expect(page).toContain('Certified by smoothing (smoothed classifier), at least');
  expect(page).toContain('<h2 id="certificates">Certificates</h2>');
  expect(await readFile(join(home, 'single', 'report.md'), 'utf8')).toContain('average certified radius');
  for (const shard of ['0/2', '1/2']) await advrob(...evaluation, '--shard', shard, '--out', 'parts');
  expect((await advrob('merge', 'parts', '--out', 'parts')).code).toBe(0);
  expect((await recordIn('parts')).models).toEqual((await recordIn('single')).models);
}, 60_000);

/** Says of a model that nothing within half of the radius asked for fools it, whatever it is. */
const believer = `
import { defineCertifier } from '@advrob/core';
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }), jsonSchema: { input: () => ({ type: 'object', properties: {} }), output: () => ({}) } } };
const believer = defineCertifier({
  name: 'believer', summary: 'Believes.', norms: ['l2'], options,
  statement: () => ({ kind: 'deterministic', of: 'model', rounding: 'none', text: 'Believe.' }),
  async certify({ y, ids }) {
    return { verdicts: [...ids].map(() => 'certified'), prediction: Int32Array.from(await y.data()), radius: null, margin: null,
      counterexamples: null, passes: new Float64Array(ids.length) };
  },
});
export default { name: 'believers', contract: 1, certifiers: { believer } };
`;

it('a certificate of the model saves attacks, and one that an attack breaks stops the run', async () => {
  // Beside this file, where its import is found.
  const plugin = join(import.meta.dirname, `believer-${process.pid}.mjs`);
  await writeFile(plugin, believer);
  try {
    const certified = [...evaluation.slice(0, evaluation.indexOf('--certify')), '--certify', 'believer'];
    const ended = await advrob(...certified, '--plugin', plugin, '--out', 'believed');
    expect(ended.code, ended.stderr).toBe(0);
    const [model] = (await recordIn('believed')).models;
    const right = model!.clean.count;
    expect(model!.attacks[0]!.points.map(({ attacked, certified: spared }) => [attacked, spared])).toEqual([
      [20 - right, right],
      [20 - right, right],
    ]);
    expect(model!.bounds![0]!.points[0]).toMatchObject({ certified: { count: right }, attacked: { count: right } });
    expect(ended.stdout).toContain('robust accuracy in l2 at 0.5: at least');
    const config = {
      dataset: { name: 'subspace', options: { size: 4, complement: 2 } },
      seed: 0,
      version: 1,
      name: 'broken',
      backend: { name: 'cpu' },
      models: [{ id: 'net', weights: 'net/weights.safetensors' }],
      plugins: [plugin],
      threat: { norm: 'l2', epsilon: 20 },
      evaluation: {
        take: 20,
        checks: false,
        attacks: [{ name: 'ddn' }],
        certifiers: [{ name: 'believer', epsilon: [18] }],
      },
    };
    await writeFile(join(home, 'broken.json'), JSON.stringify(config));
    const broken = await advrob('run', 'broken.json', '--out', 'broken');
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain('ADVROB_CERTIFICATE_BROKEN');
    expect(broken.stderr).toMatch(/'ddn' fooled the model .* where certifier 'believer'/);
  } finally {
    await rm(plugin);
  }
}, 60_000);

it('refuses certifiers, norms and options that there are not, before any work', async () => {
  const ended = await advrob(...evaluation.map((text) => (text === 'smoothing' ? 'smothing' : text)), '--out', 'none');
  expect(ended.stderr).toContain("no 'smothing' among the certifiers: did you mean smoothing?");
  const norm = await advrob(...evaluation, '--set', 'smoothing.noise=laplace', '--out', 'none');
  expect(norm.stderr).toContain('ADVROB_CERTIFY');
});
