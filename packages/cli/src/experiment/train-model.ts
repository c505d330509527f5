import { AdvrobError, type Classifier, type Dataset, type Json, type Splits, type Threat } from '@advrob/core';
import { hashModel } from '@advrob/evaluation';
import { fit, teacherLogits, type FitOptions, type FitResult, type TrainingEvent } from '@advrob/training';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TrainingSettings } from '../config/schema.js';
import { fileStorage } from '../storage/file-storage.js';
import type { TrainingParts } from './training-parts.js';

export interface TrainModelOptions {
  readonly model: Classifier;
  readonly splits: Splits;
  /** Of the experiment; the settings may name another. */
  readonly threat: Threat;
  readonly settings: TrainingSettings;
  readonly parts: TrainingParts;
  readonly seed: number;
  /** Where checkpoints and weights go. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** Trains a model as its settings say. A run that was interrupted goes on from its checkpoint in the folder. */
export async function trainModel(options: TrainModelOptions): Promise<FitResult> {
  const { model, splits, settings, parts, seed, signal } = options;
  const storage = fileStorage(options.folder);
  const data = settings.take === undefined ? splits.train : splits.train.take(settings.take);
  const { attack, validationAttack, teacher, teachers, ...others } = parts;
  const logits = teacher && (await teacherLogits(teacher, data, signal ? { signal } : {}));
  const teacherHashes: (string | null)[] = [];
  for (const each of teachers) teacherHashes.push((await hashModel(each)) ?? null);
  try {
    return await fit({
      ...others,
      ...numbersOf(settings),
      model,
      data: logits ? withTeacher(data, logits) : data,
      threat: parts.threat ?? options.threat,
      seed,
      checkpoint: {
        storage,
        ...(settings.checkpointEvery !== undefined && { every: settings.checkpointEvery }),
      },
      config: JSON.parse(
        JSON.stringify({ ...settings, ...(teachers.length > 0 && { teachers: teacherHashes }) }),
      ) as Json,
      ...(attack && { attack }),
      ...validationOf(settings, splits, validationAttack),
      ...(signal && { signal }),
      ...(options.onEvent && { onEvent: options.onEvent }),
    });
  } catch (error) {
    if (!(error instanceof AdvrobError) || error.code !== 'ADVROB_ATTACK_MISSING') throw error;
    throw new AdvrobError(
      error.code,
      'the objective searches adversarial examples and was given no attack: in a config `attack: pgd`, on the command line --attack pgd --epsilon 0.1',
      { cause: error },
    );
  } finally {
    logits?.dispose();
  }
}

/** The type of `kd` asks for the teacher's logits; a config is checked for them when its parts are made. */
function withTeacher(data: Dataset, teacher: Tensor): Dataset {
  if (teacher.shape[0] !== data.length)
    throw new AdvrobError('ADVROB_SHAPE', `the teacher gave ${teacher.shape[0]} outputs for ${data.length} examples`);
  return data.withExtras({ teacher });
}

function validationOf(
  { validation }: TrainingSettings,
  splits: Splits,
  attack: TrainingParts['validationAttack'],
): Pick<FitOptions, 'validation'> {
  if (validation === undefined) return {};
  const { take, every } = validation;
  return {
    validation: {
      data: take === undefined ? splits.validation : splits.validation.take(take),
      ...(every !== undefined && { every }),
      ...(attack && { attack }),
    },
  };
}

const numbers = [
  'epochs',
  'steps',
  'batchSize',
  'learningRate',
  'schedule',
  'epsilonSchedule',
  'attackMode',
  'logEvery',
  'keep',
] as const;

/** What the settings say of the course of training; ten passes unless they say how long. */
function numbersOf(settings: TrainingSettings): Pick<FitOptions, (typeof numbers)[number]> {
  const given = numbers.filter((key) => settings[key] !== undefined).map((key) => [key, settings[key]]);
  const isOpen = settings.epochs === undefined && settings.steps === undefined;
  return { ...(isOpen && { epochs: 10 }), ...Object.fromEntries(given) } as Pick<FitOptions, (typeof numbers)[number]>;
}
