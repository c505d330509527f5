import { parseRecord, withoutTiming, type RunRecord } from '@advrob/evaluation';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runHere, type Ended } from './command-line.js';

// Pages are made of the record alone; what is in them is for the tests of the report, and drawing
// takes most of the time of a run as small as this one.
vi.mock(import('@advrob/report'), async () => ({
  renderReport: async (records) => {
    const text = [records]
      .flat()
      .map(({ title, models }) => title + JSON.stringify(models))
      .join();
    return { html: `<p>${text}</p>`, markdown: text, json: '[]', files: { 'accuracy.svg': text, 'accuracy.csv': '1' } };
  },
}));

/** A run with every kind of file, on points, so that it takes a moment. */
const experiment = {
  version: 1,
  name: 'points',
  dataset: { name: 'subspace', options: { size: 4, complement: 2 } },
  backend: { name: 'cpu' },
  threat: { norm: 'linf', epsilon: 0.1 },
  architecture: { name: 'mlp', options: { inputShape: [4], numClasses: 2, bounds: [-20, 20], hidden: [8] } },
  models: [
    {
      id: 'net',
      train: {
        objective: 'erm',
        averager: 'ema',
        steps: 6,
        batchSize: 16,
        learningRate: 0.05,
        tensorboard: true,
        checkpointEvery: 3,
        validation: { take: 20, every: 1 },
      },
    },
  ],
  evaluation: {
    take: 20,
    batchSize: 10,
    saveAdversarial: true,
    checks: { examples: 10, restarts: 2, queries: 20 },
    attacks: [{ name: 'fgsm', epsilon: [0.5, 3] }],
  },
  analyses: [{ name: 'logit-statistics', models: ['net'], take: 10, options: { attackSteps: 2 } }],
};

let home = '';
let whole = '';
const advrob = (args: readonly string[]): Promise<Ended> => runHere(home, args);
const recordOf = async (folder: string): Promise<RunRecord> =>
  parseRecord(await readFile(join(folder, 'record.json'), 'utf8'));

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-damage-'));
  whole = join(home, 'whole');
  await writeFile(join(home, 'points.json'), JSON.stringify(experiment));
  const { code, stderr } = await advrob(['run', 'points.json', '--out', 'whole']);
  expect(code, stderr).toBe(0);
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

/** Changes one bit in the middle of a file so that text stays text. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  const digits = [...bytes.keys()].filter((i) => bytes[i]! >= 0x30 && bytes[i]! <= 0x39);
  const place = digits[Math.floor(digits.length / 2)] ?? bytes.length >> 1;
  bytes[place]! ^= 1;
  await writeFile(path, bytes);
}

async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const kinds = await Promise.all(names.map((name) => stat(join(folder, name))));
  return names.filter((_, i) => kinds[i]!.isFile());
}

it('the record has the hash of every other file', async () => {
  const { integrity } = await recordOf(whole);
  const files = await filesOf(whole);
  expect(Object.keys(integrity!.files).sort()).toEqual(files.filter((file) => file !== 'record.json').sort());
  for (const kind of ['checkpoint.safetensors', 'checkpoint.previous.safetensors', 'averaged', 'best', 'adversarial/'])
    expect(
      files.some((file) => file.includes(kind)),
      kind,
    ).toBe(true);
});

it('report names every file that is damaged: what it makes it makes anew, the rest it refuses', async () => {
  const folder = join(home, 'reported');
  await cp(whole, folder, { recursive: true });
  const files = await filesOf(folder);
  const isPage = (file: string): boolean => /^(report|figures)/.test(file);
  for (const file of files.filter((each) => !isPage(each))) {
    const sound = await readFile(join(folder, file));
    await damage(join(folder, file));
    const { code, stderr } = await advrob(['report', 'reported']);
    expect({ code, stderr }, file).toMatchObject({ code: 1, stderr: expect.stringContaining('ADVROB_FILE_DAMAGED') });
    expect(stderr).toContain(file);
    await writeFile(join(folder, file), sound);
  }
  for (const file of files.filter(isPage)) await damage(join(folder, file));
  const { code, stderr } = await advrob(['report', 'reported']);
  expect(code).toBe(0);
  for (const file of files.filter(isPage)) {
    expect(stderr).toContain(file);
    expect((await readFile(join(folder, file))).equals(await readFile(join(whole, file))), file).toBe(true);
  }
  expect(withoutTiming(await recordOf(folder))).toEqual(withoutTiming(await recordOf(whole)));
}, 120_000);

it('the same run again names everything that is damaged and makes it good', async () => {
  const folder = join(home, 'again');
  await cp(whole, folder, { recursive: true });
  const files = (await filesOf(folder)).filter((file) => file !== 'record.json');
  // With both checkpoints the run could only begin anew.
  const damaged = files.filter((file) => !file.endsWith('previous.safetensors'));
  for (const file of damaged) await damage(join(folder, file));
  const { code, stderr } = await advrob(['run', 'points.json', '--out', 'again']);
  expect(code, stderr).toBe(0);
  for (const file of damaged) expect(stderr).toContain(file);
  const command = '';
  expect({ ...withoutTiming(await recordOf(folder)), command }).toEqual({
    ...withoutTiming(await recordOf(whole)),
    command,
  });
  for (const file of files.filter((each) => each.endsWith('.safetensors')))
    expect(await readFile(join(folder, file)), file).toEqual(await readFile(join(whole, file)));
  expect(await advrob(['report', 'again'])).toMatchObject({ code: 0, stderr: '' });
}, 120_000);

it('weights that are damaged are not loaded, examples not compared, and a refused command leaves the hashes', async () => {
  const folder = join(home, 'used');
  await cp(whole, folder, { recursive: true });
  await damage(join(folder, 'models/net/last.safetensors'));
  const model = ['--model', join(folder, 'models/net/last.safetensors')];
  const evaluated = await advrob(['evaluate', ...model, '--attack', 'fgsm', '--epsilon', '0.1', '--out', 'no']);
  expect(evaluated).toMatchObject({ code: 1, stderr: expect.stringContaining('ADVROB_TENSOR_FILE') });
  await damage(join(folder, 'models/net/examples.jsonl'));
  const compared = await advrob(['compare', 'whole', 'used']);
  expect(compared).toMatchObject({ code: 1, stderr: expect.stringContaining('examples.jsonl') });
  const before = await readFile(join(folder, 'record.json'));
  const other = await advrob(['run', 'points.json', '--out', 'used', '--set', 'seed=5']);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('ADVROB_RUN_MISMATCH') });
  expect(await readFile(join(folder, 'record.json'))).toEqual(before);
});
