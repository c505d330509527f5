import { createRecord, parseRecord, serializeRecord, type RunRecord } from '@advrob/evaluation';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere } from '../../test/command-line.js';

let outside = '';
let folder = '';
beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'advrob-report-'));
  folder = join(outside, 'run');
  await mkdir(folder);
});
afterAll(() => rm(outside, { recursive: true }));

const table = { id: 'numbers', title: 't', columns: { a: 'A' }, rows: [{ a: '=1' }] };
const figure = { ...table, id: 'drawn', caption: 'c', alt: 'a', spec: { mark: 'point' } };
const record = createRecord({
  title: 'A stranger \u001b]0;owned\u0007',
  command: null,
  config: {},
  environment: { backend: 'cpu', runtime: 'node', platform: 'linux', versions: {} },
  seeds: {},
  models: [],
  analyses: [
    {
      id: 'x',
      analysis: 'x\u001b[2J',
      options: {},
      seed: 0,
      models: { model: { name: 'm\u001b[31m\nevil', modelHash: null } },
      findings: ['\u001b[1Anothing'],
      tables: [table],
      figures: [figure],
      galleries: [],
      values: {},
    },
  ],
  timing: {},
});
const write = (change: Partial<RunRecord>): Promise<void> =>
  writeFile(join(folder, 'record.json'), JSON.stringify({ ...record, ...change }));
const analyses = (change: object): RunRecord['analyses'] => [{ ...record.analyses[0]!, ...change }];

it('writes what a stranger gave into the folder, and shows no escapes', async () => {
  await write({});
  const { code, stdout, stderr } = await runHere(outside, ['report', 'run']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Analysis x of m\\u001b[31m evil:');
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(await readdir(join(folder, 'figures'))).toEqual([
    'analysis-x-drawn.csv',
    'analysis-x-drawn.svg',
    'analysis-x-drawn.vl.json',
    'analysis-x-numbers.csv',
  ]);
  expect(await readFile(join(folder, 'figures/analysis-x-numbers.csv'), 'utf8')).toBe("a\r\n'=1\r\n");
});

it.each<[string, Partial<RunRecord>]>([
  ['table', { analyses: analyses({ tables: [{ ...table, id: 'a/../../../away' }] }) }],
  ['figure', { analyses: analyses({ figures: [{ ...figure, id: '../../away' }] }) }],
  ['analysis', { analyses: analyses({ id: '..\\away' }) }],
])('refuses an id that leads out of the folder: %s', async (_, change) => {
  await write(change);
  const { code, stderr } = await runHere(outside, ['report', 'run']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/run\/record\.json: .*analyses\.0.*id.*ADVROB_RECORD/s);
  expect(await readdir(outside)).toEqual(['run']);
});

it('names the file of a record that is cut', async () => {
  await writeFile(join(folder, 'record.json'), JSON.stringify(record).slice(0, -9));
  const { code, stderr } = await runHere(outside, ['report', 'run']);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/run\/record\.json: .*is it complete\? \[ADVROB_RECORD\]/)]);
});

it.each(['report --card', 'compare'])('%s refuses a model that leads out of the folder', async (command) => {
  const share = { count: 1, total: 2, rate: 0.5, interval: [0, 1] };
  const model = { modelHash: null, seed: 0, batchSize: 1, attackOn: 'all', clean: share, robust: share, samples: [] };
  const points = [{ epsilon: 0.1, robust: share, attacked: 2, unconfirmed: 0, meanQueries: 1 }];
  const attacks = [{ label: 'a', attack: 'a', options: {}, norm: 'linf', restarts: 1, loss: 'default', points }];
  const worstCase = [{ norm: 'linf', points: [{ epsilon: 0.1, robust: share, attacks: ['a'] }] }];
  const models = ['../../away', 'b'].map((name) => ({ ...model, name, attacks, worstCase }));
  const data = { name: 'd', length: 2, hash: '', inputShape: [1], numClasses: 2, bounds: [0, 1] };
  await write({ models, data, analyses: [] } as unknown as RunRecord);
  expect(() => serializeRecord(parseRecord(JSON.stringify({ ...record, models, data })))).not.toThrow();
  const [name, ...flags] = command.split(' ');
  const { code, stderr } = await runHere(outside, [name!, 'run', ...flags]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/"\.\.\/\.\.\/away".*ADVROB_RECORD/)]);
  expect(await readdir(outside)).toEqual(['run']);
});
