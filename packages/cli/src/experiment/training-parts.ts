import { AdvrobError, type Classifier, type Objective, type Registry } from '@advrob/core';
import type { Experiment, ModelReference, TrainingSettings } from '../config/schema.js';
import { makeComposed, makePart, modelOptions } from './parts.js';
import type { ModelFinder, TrainingParts } from './types.js';

/**
 * Makes the parts of a training: a recipe's, with those that the settings name in their place.
 *
 * @throws AdvrobError for whatever the settings have wrong, before anything is trained.
 */
export async function makeTrainingParts(
  registry: Registry,
  settings: TrainingSettings,
  find: ModelFinder,
): Promise<TrainingParts> {
  const recipe = settings.trainer && makePart(registry, 'trainers', settings.trainer);
  const objective =
    (await objectiveOf(registry, settings, find)) ??
    recipe?.objective ??
    makePart(registry, 'objectives', { name: 'erm', options: {} });
  const optimizer = settings.optimizer ? makePart(registry, 'optimizers', settings.optimizer) : recipe?.optimizer;
  const averager = settings.averager ? makePart(registry, 'averagers', settings.averager) : recipe?.averager;
  const attack = settings.attack ? await makeComposed(registry, 'attacks', settings.attack, find) : recipe?.attack;
  const transforms = settings.transforms?.map((each) => makePart(registry, 'transforms', each)) ?? recipe?.transforms;
  const augmentations =
    settings.augmentations?.map((each) => makePart(registry, 'augmentations', each)) ?? recipe?.augmentations;
  const validationAttack =
    settings.validation?.attack && (await makeComposed(registry, 'attacks', settings.validation.attack, find));
  const threat = settings.threat ?? recipe?.threat;
  checkTeacher(objective, settings.teacher, augmentations?.length ?? 0);
  const teachers: Classifier[] = [];
  for (const reference of teachersOf(registry, settings)) teachers.push(await find(reference));
  return {
    objective,
    ...(optimizer && { optimizer }),
    ...(averager && { averager }),
    ...(attack && { attack }),
    ...(threat && { threat }),
    ...(recipe?.learningRate !== undefined && { learningRate: recipe.learningRate }),
    ...(recipe?.schedule && { schedule: recipe.schedule }),
    ...(recipe?.epsilonSchedule && { epsilonSchedule: recipe.epsilonSchedule }),
    ...(transforms && { transforms }),
    ...(augmentations && { augmentations }),
    ...(validationAttack && { validationAttack }),
    ...(settings.teacher !== undefined && { teacher: await find(settings.teacher) }),
    teachers,
  };
}

/** The models that a training learns from, as the settings name them. */
export function teachersOf(registry: Registry, { objective, teacher }: TrainingSettings): ModelReference[] {
  return [
    ...(teacher === undefined ? [] : [teacher]),
    ...(objective === undefined ? [] : modelOptions(registry, 'objectives', objective)),
  ];
}

/**
 * What an objective was made from enters its checkpoints: models by their names there, by their
 * weights beside it.
 */
async function objectiveOf(
  registry: Registry,
  { objective }: TrainingSettings,
  find: ModelFinder,
): Promise<Objective | undefined> {
  if (objective === undefined) return undefined;
  const made = await makeComposed(registry, 'objectives', objective, find);
  if (modelOptions(registry, 'objectives', objective).length === 0) return made;
  return Object.assign(made, { origin: { name: objective.name, options: objective.options } });
}

function checkTeacher({ origin }: Objective, teacher: ModelReference | undefined, augmentations: number): void {
  if (origin?.name === 'kd' && teacher === undefined)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      "objective 'kd' needs a teacher: in a config `teacher: <the id of a model that stands above, or a file>`, on the command line --teacher <file>",
    );
  if (teacher !== undefined && augmentations > 0)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      'teacher: its outputs are computed once, for the examples as they are, so augmentations cannot be used with it',
    );
}

/**
 * @throws AdvrobError `ADVROB_CONFIG` when a model would learn from itself, or from one that is
 *   trained after it.
 */
export function checkTeachersStandAbove(id: string, teachers: readonly ModelReference[], ids: readonly string[]): void {
  for (const teacher of teachers) {
    if (typeof teacher !== 'string' || !ids.includes(teacher) || ids.indexOf(teacher) < ids.indexOf(id)) continue;
    throw new AdvrobError(
      'ADVROB_CONFIG',
      `models.${id}.train: the teacher '${teacher}' ${teacher === id ? 'is the student itself' : `is trained after '${id}': put it above`}`,
    );
  }
}

/**
 * The training of a model: its own settings laid over those that all models share; undefined for a
 * model that is not trained.
 */
export function settingsOf(experiment: Experiment, id: string): TrainingSettings | undefined {
  const own = experiment.models.find((model) => model.id === id)?.train;
  if (own === undefined) return undefined;
  const shared = { ...experiment.training };
  if (own.steps !== undefined) delete shared.epochs;
  if (own.epochs !== undefined) delete shared.steps;
  return { ...shared, ...own };
}
