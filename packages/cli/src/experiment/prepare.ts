import { AdvrobError, type Dataset, type Registry, type Splits } from '@advrob/core';
import { checkEvaluation, type EvaluationAttack } from '@advrob/evaluation';
import { certificates, type Certificates, type EvaluationCertifier } from '@advrob/evaluation/certificates';
import {
  hasModels,
  isMeasuring,
  type Experiment,
  type MeasuringExperiment,
  type ModelExperiment,
} from '../config/schema.js';
import { fileStorage } from '../storage/files.js';
import { prepareAnalyses } from './analyses.js';
import { checkTrainable, firstOf, loadData } from './load-data.js';
import { loadAnyModel } from './load-model.js';
import { createModelShelf } from './model-shelf.js';
import { lossNamed, makeComposed, makePart } from './parts.js';
import { attacksFor, wantedChecks } from './robustness-checks.js';
import { checkTeachersStandAbove, makeTrainingParts, settingsOf, teachersOf } from './training-parts.js';
import type { Measurement, ModelFinder, ModelShelf, Prepared, PreparedModel } from './types.js';

/**
 * Makes everything that an experiment names, so that a mistake in its last line is found before the
 * first step of training. Dispose of the shelf.
 *
 * @throws AdvrobError for whatever is wrong.
 */
export async function prepare(experiment: Experiment, registry: Registry): Promise<Prepared> {
  const splits = experiment.dataset && (await loadData(registry, experiment.dataset));
  const shelf = createModelShelf(registry, splits?.test);
  try {
    const models = splits && hasModels(experiment) ? await openModels(experiment, registry, splits.test, shelf) : [];
    const measurement =
      splits && isMeasuring(experiment)
        ? await prepareMeasurement(experiment, registry, splits, models, shelf)
        : undefined;
    if (splits && models.some(({ id }) => settingsOf(experiment, id) !== undefined)) checkTrainable(splits);
    const prepared: PreparedModel[] = [];
    for (const each of models) prepared.push(await withTraining(experiment, registry, each, shelf));
    const analyses = await prepareAnalyses(experiment, registry, splits, shelf);
    return { splits, models: prepared, measurement, analyses, shelf };
  } catch (error) {
    shelf.dispose();
    throw error;
  }
}

async function prepareMeasurement(
  experiment: MeasuringExperiment,
  registry: Registry,
  splits: Splits,
  models: readonly PreparedModel[],
  shelf: ModelShelf,
): Promise<Measurement> {
  const { split, take, batchSize, saveAdversarial, checks } = experiment.evaluation;
  const data = firstOf(splits[split], take);
  const attacks = await attacksOf(experiment, registry, shelf.find);
  const storage = fileStorage('.');
  const certifiers = await certifiersOf(experiment, registry, shelf.find);
  for (const { model } of models) {
    checkEvaluation({ model, data, attacks, certifiers, batchSize, saveAdversarial, storage });
    await certifiers?.check(certifiers.runsOf(model), model);
  }
  for (const { model } of models) {
    const settings = wantedChecks(checks, model, experiment.threat.norm);
    if (settings) attacksFor({ model, evaluated: attacks, threat: experiment.threat, settings, registry });
  }
  return { data, attacks, certifiers };
}

async function openModels(
  experiment: ModelExperiment,
  registry: Registry,
  data: Dataset,
  shelf: ModelShelf,
): Promise<PreparedModel[]> {
  const opened: PreparedModel[] = [];
  for (const { id, weights, outputs, input, onnx, architecture = experiment.architecture } of experiment.models) {
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
            outputs,
            input,
            onnx,
            data,
            architecture: architecture?.name,
            architectureOptions: architecture?.options,
          });
    shelf.add(id, model);
    opened.push({ id, model, architecture });
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

/** The attacks of an experiment, with the threats they are run under. */
async function attacksOf(
  { threat, evaluation }: MeasuringExperiment,
  registry: Registry,
  find: ModelFinder,
): Promise<EvaluationAttack[]> {
  const attacks: EvaluationAttack[] = [];
  for (const { name, label, options, norm, epsilon, restarts, loss } of evaluation.attacks)
    attacks.push({
      attack: await makeComposed(registry, 'attacks', { name, options }, find),
      norm: norm ?? threat.norm,
      epsilon: epsilon ?? threat.epsilon,
      restarts,
      label,
      loss: loss === undefined ? undefined : lossNamed(loss),
    });
  return attacks;
}

/** The certifiers of an experiment, likewise; undefined where there are none. */
async function certifiersOf(
  { threat, evaluation }: MeasuringExperiment,
  registry: Registry,
  find: ModelFinder,
): Promise<Certificates | undefined> {
  const entries: EvaluationCertifier[] = [];
  for (const { name, label, options, norm, epsilon } of evaluation.certifiers)
    entries.push({
      certifier: await makeComposed(registry, 'certifiers', { name, options }, find),
      norm: norm ?? threat.norm,
      epsilon: epsilon ?? threat.epsilon,
      label,
    });
  return entries.length > 0 ? certificates(entries) : undefined;
}
