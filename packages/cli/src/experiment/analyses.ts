import { AdvrobError, optionNames, type Classifier, type Registry, type Splits } from '@advrob/core';
import { analyze, checkAnalysis } from '@advrob/evaluation';
import { join } from 'node:path';
import { codeOf } from '../backend/environment.js';
import type { Experiment } from '../config/schema.js';
import { fileStorage } from '../storage/files.js';
import { clock, type ProgressLine } from '../output/progress.js';
import { analysedModel, castsOf, type Cast } from './analysis-cast.js';
import { firstOf } from './load-data.js';
import { makeComposed } from './parts.js';
import type { Analysed, ExperimentRun, ModelShelf, PreparedAnalysis } from './types.js';

/**
 * Makes the analyses of an experiment: one for each cast of models.
 *
 * @throws AdvrobError for options out of range, models that are not there or do not fit the data,
 *   and two results of one name.
 */
export async function prepareAnalyses(
  experiment: Experiment,
  registry: Registry,
  splits: Splits | undefined,
  shelf: ModelShelf,
): Promise<PreparedAnalysis[]> {
  const prepared: PreparedAnalysis[] = [];
  for (const settings of experiment.analyses) {
    const { name, id = name, options, split, take, threat = experiment.threat, seed = experiment.seed } = settings;
    const { definition } = registry.find('analyses', name);
    // Its seed is the experiment's, unless the config gives it one of its own.
    const seeded = optionNames(definition.options).includes('seed') ? { seed, ...options } : options;
    const analysis = await makeComposed(registry, 'analyses', { name, options: seeded }, shelf.find);
    const data = splits && firstOf(splits[split], take);
    if (analysis.roles.length > 0 && data === undefined)
      throw new AdvrobError('ADVROB_CONFIG', `analysis '${id}' looks at models, which need data: give a dataset`);
    for (const cast of castsOf(analysis, id, settings.models, experiment)) {
      prepared.push({ ...(await actors(cast, registry, shelf)), id: cast.id, analysis, split, seed, data, threat });
    }
  }
  prepared.forEach((each, i) => {
    checkAnalysis(each);
    if (prepared.findIndex(({ id }) => id === each.id) < i)
      throw new AdvrobError('ADVROB_CONFIG', `two analyses are called '${each.id}': give each an id of its own`);
  });
  return prepared;
}

async function actors(
  { roles }: Cast,
  registry: Registry,
  shelf: ModelShelf,
): Promise<Pick<PreparedAnalysis, 'models' | 'names'>> {
  const models: Record<string, Classifier> = {};
  const names: Record<string, string> = {};
  for (const [role, { name, reference }] of Object.entries(roles)) {
    models[role] = await analysedModel(reference, registry, shelf);
    names[role] = name;
  }
  return { models, names };
}

/** Runs the analyses. What is finished is in `analyses/<id>/analysis.jsonl` and not done again. */
export async function analyzeAll(
  { folder, registry, signal, output }: Pick<ExperimentRun, 'folder' | 'registry' | 'signal' | 'output'>,
  analyses: readonly PreparedAnalysis[],
  progress: ProgressLine,
): Promise<Analysed[]> {
  const analysed: Analysed[] = [];
  for (const prepared of analyses) {
    const begun = performance.now();
    progress.course.begin(`analysis ${prepared.id}`);
    const of = Object.values(prepared.names).join(', ') || 'no models';
    progress.update(() => `${prepared.id}: analysis of ${of}  ${clock((performance.now() - begun) / 1000)}`);
    const storage = fileStorage(join(folder, 'analyses', prepared.id), (message) => output.warn([message]));
    const result = await analyze({ ...prepared, storage, config: codeOf(registry), signal });
    const seconds = (performance.now() - begun) / 1000;
    progress.end(`${prepared.id}: analysed in ${clock(seconds)}`);
    analysed.push({ result, seconds });
  }
  return analysed;
}
