import { parseRecord, withoutTiming } from '@advrob/evaluation';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaintsIn, runHere, type Ended } from './command-line.js';

const points = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];
const evaluation = [
  ...['evaluate', '--backend', 'cpu', '--model', 'net', ...points, '--take', '60', '--batch-size', '6'],
  ...['--attack', 'pgd', '--set', 'pgd.steps=3', '--attack', 'fgsm', '--epsilon', '0.5,3', '--save-adversarial'],
];

let home = '';
const advrob = (...args: readonly string[]): Promise<Ended> => runHere(home, args);
const read = (path: string): Promise<string> => readFile(join(home, path), 'utf8');
/** The record without times, as it would be in a folder `single`. */
async function recordOf(folder: string): Promise<unknown> {
  const text = (await read(`${folder}/record.json`)).replaceAll(`--out ${folder}`, '--out single');
  return JSON.parse(
    JSON.stringify(withoutTiming(parseRecord(text.replaceAll(`"out": "${folder}"`, '"out": "single"')))),
  );
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'advrob-shards-'));
  const net = ['--set', 'mlp.hidden=[8]', '--set', 'mlp.inputShape=[4]', '--set', 'mlp.numClasses=2'];
  const train = [...points, '--architecture', 'mlp', ...net, '--set', 'mlp.bounds=[-20,20]', '--steps', '20'];
  const trained = await advrob('train', '--backend', 'cpu', ...train, '--learning-rate', '0.05', '--out', 'net');
  expect(trained.code, trained.stderr).toBe(0);
  const single = await advrob(...evaluation, '--out', 'single');
  expect(single.code, single.stderr).toBe(0);
  for (const shard of ['0/3', '1/3', '2/3']) {
    const { code, stderr } = await advrob(...evaluation, '--shard', shard, '--out', 'parts');
    expect(code, stderr).toBe(0);
    expect(complaintsIn(stderr, ['net'])).toBe('');
  }
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

/** The shards in a folder of their own, one of them changed. */
async function changed(name: string, change: (folder: string) => Promise<unknown>): Promise<Ended> {
  const folder = join(home, name);
  await cp(join(home, 'parts', 'shards'), join(folder, 'shards'), { recursive: true });
  await change(join(folder, 'shards'));
  const ended = await advrob('merge', name, '--out', name);
  expect(await readdir(folder)).toEqual(['shards']);
  return ended;
}

describe('advrob evaluate --shard, then advrob merge', () => {
  it('give the record, the lines and the adversarial examples of a single run', async () => {
    const merged = await advrob('merge', 'parts', '--out', 'parts');
    expect(merged.code, merged.stderr).toBe(0);
    expect(merged.stdout).toContain('merged of 3 shards');
    expect(await recordOf('parts')).toEqual(await recordOf('single'));
    expect(await read('parts/examples.jsonl')).toBe(await read('single/examples.jsonl'));
    const files = async (folder: string): Promise<string[]> =>
      (await readdir(join(home, folder), { recursive: true })).filter((file) => !file.startsWith('shards')).sort();
    expect(await files('parts')).toEqual(await files('single'));
    for (const file of (await files('single')).filter((name) => name.endsWith('.safetensors')))
      expect((await readFile(join(home, 'parts', file))).equals(await readFile(join(home, 'single', file)))).toBe(true);
    // Again, and into another folder, of shards that are named one by one.
    const folders = [2, 0, 1].map((index) => `parts/shards/${index}-of-3`);
    expect((await advrob('merge', ...folders, '--out', 'other', '--json')).code).toBe(0);
    expect(await recordOf('other')).toEqual(await recordOf('single'));
  });

  it('name what is missing, damaged, doubled, of another division or other settings', async () => {
    const missing = await changed('missing', (shards) => rm(join(shards, '1-of-3'), { recursive: true }));
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('of 3 shards one is missing: 1/3') as string,
    });
    const damaged = await changed('damaged', async (shards) => {
      const path = join(shards, '2-of-3', 'evaluation.jsonl');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"success":[1', '"success":[0'));
    });
    expect(damaged.stderr).toMatch(/shard 2\/3 \(damaged\/shards\/2-of-3\): evaluation\.jsonl is damaged in line \d+/);
    const unfinished = await changed('unfinished', async (shards) => {
      const path = join(shards, '0-of-3', 'evaluation.jsonl');
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, -300));
    });
    expect(unfinished.stderr).toContain(
      'shard 0/3 (unfinished/shards/0-of-3) is unfinished, 1 of its 2 batches are missing',
    );
    const doubled = await changed('doubled', (shards) =>
      cp(join(shards, '0-of-3'), join(shards, 'copy'), { recursive: true }),
    );
    expect(doubled.stderr).toMatch(/shard 0\/3 is in doubled\/shards\/0-of-3 and in doubled\/shards\/copy/);
    const divided = await changed('divided', async (shards) => {
      const path = join(shards, '0-of-3', 'shard.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"count": 3', '"count": 4'));
    });
    expect(divided.stderr).toContain('divided/shards/0-of-3 is one of 4 shards and divided/shards/1-of-3 one of 3');
    const none = await advrob('merge', 'single', '--out', 'none');
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('no shard in single') as string });
    // Another seed in one of them.
    await changed('settings', async (shards) => {
      await rm(join(shards, '1-of-3'), { recursive: true });
      await advrob(...evaluation, '--seed', '5', '--shard', '1/3', '--out', 'settings');
    }).then(({ stderr }) =>
      expect(stderr).toMatch(/1-of-3 is a shard of another evaluation than .*0-of-3: seed was 0, is 5/),
    );
  }, 60_000);

  it('load no plugin that a folder names unless told to', async () => {
    const ended = await changed('hostile', async (shards) => {
      const path = join(shards, '0-of-3', 'shard.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"--take",', '"--plugin", "./evil.mjs", "--take",'));
      await writeFile(join(home, 'evil.mjs'), 'globalThis.isEvil = true; export default {}');
    });
    expect(ended.stderr).toContain('if you trust it, add --plugin ./evil.mjs');
    expect(globalThis).not.toHaveProperty('isEvil');
  });
});
