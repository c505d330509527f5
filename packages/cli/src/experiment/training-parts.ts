import { AdvrobError, type Classifier, type Registry, type TrainingPlan } from '@advrob/core';
import type { ModelReference, TrainingSettings } from '../config/schema.js';
import { makePart } from './parts.js';
import { makeComposed, type ModelFinder } from './references.js';

/** Everything that a training is made of, by its names in the config. */
export interface TrainingParts extends TrainingPlan {
  readonly validationAttack?: TrainingPlan['attack'];
  /** Whose outputs the student learns. */
  readonly teacher?: Classifier;
}

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
  const make = <K extends 'objectives' | 'optimizers' | 'averagers'>(
    kind: K,
    key: 'objective' | 'optimizer' | 'averager',
  ) => settings[key] && makePart(registry, kind, settings[key]);
  const optimizer = make('optimizers', 'optimizer') ?? recipe?.optimizer;
  const averager = make('averagers', 'averager') ?? recipe?.averager;
  const attack = settings.attack ? await makeComposed(registry, 'attacks', settings.attack, find) : recipe?.attack;
  const transforms = settings.transforms?.map((each) => makePart(registry, 'transforms', each)) ?? recipe?.transforms;
  const augmentations =
    settings.augmentations?.map((each) => makePart(registry, 'augmentations', each)) ?? recipe?.augmentations;
  const validationAttack =
    settings.validation?.attack && (await makeComposed(registry, 'attacks', settings.validation.attack, find));
  const threat = settings.threat ?? recipe?.threat;
  checkTeacher(settings, augmentations?.length ?? 0);
  return {
    objective:
      make('objectives', 'objective') ??
      recipe?.objective ??
      makePart(registry, 'objectives', { name: 'erm', options: {} }),
    ...(optimizer && { optimizer }),
    ...(averager && { averager }),
    ...(attack && { attack }),
    ...(threat && { threat }),
    ...(recipe?.learningRate !== undefined && { learningRate: recipe.learningRate }),
    ...(recipe?.schedule && { schedule: recipe.schedule }),
    ...(transforms && { transforms }),
    ...(augmentations && { augmentations }),
    ...(validationAttack && { validationAttack }),
    ...(settings.teacher !== undefined && { teacher: await find(settings.teacher) }),
  };
}

function checkTeacher({ objective, teacher }: TrainingSettings, augmentations: number): void {
  if (objective?.name === 'kd' && teacher === undefined)
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

/** The reference as one that a student may learn from: a file, or a model that is trained before it. */
export function checkTeacherStandsAbove(id: string, teacher: ModelReference | undefined, ids: readonly string[]): void {
  if (typeof teacher !== 'string' || !ids.includes(teacher) || ids.indexOf(teacher) < ids.indexOf(id)) return;
  throw new AdvrobError(
    'ADVROB_CONFIG',
    `models.${id}.train.teacher: '${teacher}' ${teacher === id ? 'is the student itself' : `is trained after '${id}': put it above`}`,
  );
}
