import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { parseRecord } from '@advrob/evaluation';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadExperiment } from '../src/config/load.js';
import { prepare } from '../src/experiment/prepare.js';
import { loadRegistry } from '../src/plugins/load.js';
import { runCommandLine } from './command-line.js';

const studies = fileURLToPath(new URL('../../../studies/', import.meta.url));
const configOf = (paper: string) => join(studies, paper, 'experiment.yaml');
const papers = ['certified', 'dale', 'entropysgd', 'logits', 'rat', 'smoothness', 'subspace'];
let folder = '';

beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'advrob-reproduce-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('every page of a paper has a config', async () => {
  const files = await readdir(studies, { recursive: true });
  const configs = files.filter((file) => file.endsWith('.yaml')).map((file) => join(studies, file));
  expect(configs.filter((file) => basename(file) === 'experiment.yaml').toSorted()).toEqual(papers.map(configOf));
  for (const file of configs) await loadExperiment(file);
  for (const paper of papers)
    expect(await readFile(join(studies, paper, 'README.md'), 'utf8')).toContain(`studies/${paper}/experiment.yaml`);
});

it.each(papers)('%s.yaml names parts, options and models that there are', async (paper) => {
  const experiment = await loadExperiment(configOf(paper));
  const { shelf, models, analyses, measurement } = await prepare(experiment, await loadRegistry());
  shelf.dispose();
  expect(models.length).toBe(experiment.models.length);
  expect(analyses.length + (measurement?.attacks.length ?? 0)).toBeGreaterThan(0);
});

it('a tiny run of one of them ends with a record of what its page is about', async () => {
  const settings = ['training.epochs=1', 'training.take=200', 'analyses.logit-comparison.take=40'];
  const tiny = [
    ...settings,
    'analyses.manipulated-distillation.take=200',
    'analyses.manipulated-distillation.options.epochs=1',
  ];
  const flags = tiny.flatMap((setting) => ['--set', setting]);
  const ended = await runCommandLine(folder, ['run', configOf('logits'), '--out', 'tiny', ...flags]);
  expect(ended.code, ended.stderr).toBe(0);
  const { analyses } = parseRecord(await readFile(join(folder, 'tiny/record.json'), 'utf8'));
  expect(analyses.map(({ id }) => id)).toEqual(['logit-comparison', 'manipulated-distillation']);
  expect(analyses[1]!.findings.join()).toContain('M7');
}, 120_000);
