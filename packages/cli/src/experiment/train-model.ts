import type { Classifier, Json, Registry, Splits, Threat } from '@advrob/core';
import { fit, type FitResult, type TrainingEvent } from '@advrob/training';
import type { Experiment, TrainingSettings } from '../config/schema.js';
import { fileStorage } from '../storage/file-storage.js';
import { makePart } from './parts.js';

export interface TrainModelOptions {
  readonly registry: Registry;
  readonly model: Classifier;
  readonly splits: Splits;
  /** Of the experiment; the settings may name another. */
  readonly threat: Threat;
  readonly settings: TrainingSettings;
  readonly seed: number;
  /** Where checkpoints and weights go. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** Trains a model as its settings say. A run that was interrupted goes on from its checkpoint in the folder. */
export async function trainModel(options: TrainModelOptions): Promise<FitResult> {
  const { registry, model, splits, settings, seed, folder } = options;
  const recipe = settings.trainer && makePart(registry, 'trainers', settings.trainer);
  const objective = settings.objective
    ? makePart(registry, 'objectives', settings.objective)
    : (recipe?.objective ?? makePart(registry, 'objectives', { name: 'erm', options: {} }));
  const optimizer = settings.optimizer ? makePart(registry, 'optimizers', settings.optimizer) : recipe?.optimizer;
  const attack = settings.attack ? makePart(registry, 'attacks', settings.attack) : recipe?.attack;
  const transforms = settings.transforms?.map((part) => makePart(registry, 'transforms', part)) ?? recipe?.transforms;
  const augmentations =
    settings.augmentations?.map((part) => makePart(registry, 'augmentations', part)) ?? recipe?.augmentations;
  const averager = settings.averager ? makePart(registry, 'averagers', settings.averager) : recipe?.averager;
  const data = settings.take === undefined ? splits.train : splits.train.take(settings.take);
  const { validation } = settings;
  const validationAttack = validation?.attack && makePart(registry, 'attacks', validation.attack);
  const validationData =
    validation && (validation.take === undefined ? splits.validation : splits.validation.take(validation.take));
  const checkpoint = {
    storage: fileStorage(folder),
    ...(settings.checkpointEvery !== undefined && { every: settings.checkpointEvery }),
  };

  const given = pick(settings, [
    'epochs',
    'steps',
    'batchSize',
    'learningRate',
    'schedule',
    'epsilonSchedule',
    'attackMode',
    'logEvery',
    'keep',
  ]);
  return fit({
    ...(given.epochs === undefined && given.steps === undefined && { epochs: 10 }),
    ...given,
    model,
    data,
    objective,
    threat: settings.threat ?? recipe?.threat ?? options.threat,
    seed,
    checkpoint,
    config: JSON.parse(JSON.stringify(settings)) as Json,
    ...(optimizer && { optimizer }),
    ...(attack && { attack }),
    ...(transforms && { transforms }),
    ...(averager && { averager }),
    ...(augmentations && { augmentations }),
    ...(validation &&
      validationData && {
        validation: {
          data: validationData,
          ...(validation.every !== undefined && { every: validation.every }),
          ...(validationAttack && { attack: validationAttack }),
        },
      }),
    ...(options.signal && { signal: options.signal }),
    ...(options.onEvent && { onEvent: options.onEvent }),
  });
}

/** The training of a model: its own settings laid over those that all models share. */
export function settingsOf(experiment: Experiment, id: string): TrainingSettings | undefined {
  const own = experiment.models.find((model) => model.id === id)?.train;
  if (own === undefined) return undefined;
  const shared = { ...experiment.training };
  if (own.steps !== undefined) delete shared.epochs;
  if (own.epochs !== undefined) delete shared.steps;
  return { ...shared, ...own };
}

/** The keys that are given, with their types made exact. */
function pick<T extends object, K extends keyof T>(
  source: T,
  keys: readonly K[],
): { [key in K]?: Exclude<T[key], undefined> } {
  const entries = keys.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]);
  return Object.fromEntries(entries) as { [key in K]?: Exclude<T[key], undefined> };
}
