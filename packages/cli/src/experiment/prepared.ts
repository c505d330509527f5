import { AdvrobError, type Classifier, type Dataset, type Registry, type Splits } from '@advrob/core';
import { checkEvaluation, type EvaluationAttack } from '@advrob/evaluation';
import type { Experiment, TrainingSettings } from '../config/schema.js';
import { fileStorage } from '../storage/file-storage.js';
import { attacksOf } from './attacks.js';
import { createModelShelf, type ModelShelf } from './model-shelf.js';
import { loadAnyModel } from './load-model.js';
import { makePart } from './parts.js';
import { attacksFor, wantedChecks } from './robustness-checks.js';
import { checkTeachersStandAbove, makeTrainingParts, teachersOf, type TrainingParts } from './training-parts.js';
import { settingsOf } from './training-settings.js';

/** A model of an experiment with all that happens to it. */
export interface PreparedModel {
  readonly id: string;
  readonly model: Classifier;
  readonly architecture?: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** Left out for a model that is not trained. */
  readonly training?: { readonly settings: TrainingSettings; readonly parts: TrainingParts };
}

/** An experiment with everything made that it names, before anything is trained. */
export interface Prepared {
  readonly splits: Splits;
  /** What the models are measured on. */
  readonly data: Dataset;
  /** In the order of the config. */
  readonly models: readonly PreparedModel[];
  readonly attacks: readonly EvaluationAttack[];
  readonly shelf: ModelShelf;
}

/**
 * Makes everything that an experiment names, so that a mistake in its last line is found before the first step of training. Dispose of the shelf.
 *
 * @throws AdvrobError for whatever is wrong.
 */
export async function prepare(experiment: Experiment, registry: Registry): Promise<Prepared> {
  const splits = await makePart(registry, 'datasets', experiment.dataset);
  const { split, take, batchSize, saveAdversarial } = experiment.evaluation;
  const data = take === undefined ? splits[split] : splits[split].take(take);
  const shelf = createModelShelf(registry, data.bounds);
  try {
    const models = await openModels(experiment, registry, data, shelf);
    const attacks = await attacksOf(experiment, registry, shelf.find);
    const storage = fileStorage('.');
    for (const { model } of models) checkEvaluation({ model, data, attacks, batchSize, saveAdversarial, storage });
    for (const { model } of models) {
      const settings = wantedChecks(experiment.evaluation.checks, model, experiment.threat.norm);
      if (settings) attacksFor({ model, evaluated: attacks, threat: experiment.threat, settings, registry });
    }
    const prepared: PreparedModel[] = [];
    for (const each of models) prepared.push(await withTraining(experiment, registry, each, shelf));
    return { splits, data, models: prepared, attacks, shelf };
  } catch (error) {
    shelf.dispose();
    throw error;
  }
}

async function openModels(
  experiment: Experiment,
  registry: Registry,
  data: Dataset,
  shelf: ModelShelf,
): Promise<PreparedModel[]> {
  const opened: PreparedModel[] = [];
  for (const { id, weights, architecture = experiment.architecture } of experiment.models) {
    if (weights === undefined && architecture === undefined)
      throw new AdvrobError(
        'ADVROB_CONFIG',
        `models.${id}: a model needs an architecture (its own or that of the experiment) or weights`,
      );
    const model =
      weights === undefined
        ? makePart(registry, 'models', architecture!)(experiment.seed)
        : await loadAnyModel(weights, registry, {
            bounds: data.bounds,
            ...(architecture && { architecture: architecture.name, architectureOptions: architecture.options }),
          });
    shelf.add(id, model);
    opened.push({ id, model, ...(architecture && { architecture }) });
  }
  return opened;
}

async function withTraining(
  experiment: Experiment,
  registry: Registry,
  model: PreparedModel,
  shelf: ModelShelf,
): Promise<PreparedModel> {
  const settings = settingsOf(experiment, model.id);
  if (settings === undefined) return model;
  checkTeachersStandAbove(
    model.id,
    teachersOf(registry, settings),
    experiment.models.map(({ id }) => id),
  );
  return { ...model, training: { settings, parts: await makeTrainingParts(registry, settings, shelf.find) } };
}
