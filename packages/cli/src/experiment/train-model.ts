import {
  AdvrobError,
  type Classifier,
  type Dataset,
  type Json,
  type Registry,
  type Splits,
  type Threat,
} from '@advrob/core';
import { identifyModel } from '@advrob/core/identity';
import {
  encodeEvents,
  eventFileHeader,
  fit,
  scalarsOf,
  teacherLogits,
  type FitOptions,
  type FitResult,
  type LoggedEvent,
  type TrainingEvent,
} from '@advrob/training';
import type { Tensor } from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { codeOf } from '../backend/environment.js';
import type { TrainingSettings } from '../config/schema.js';
import { fileStorage, writeAtomically } from '../storage/files.js';
import { followTraining, type ProgressLine } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { firstOf } from './load-data.js';
import type { TrainingParts } from './types.js';

interface TrainModelOptions {
  /** What the line of progress calls the model. */
  readonly name: string;
  readonly model: Classifier;
  readonly splits: Splits;
  /** Of the experiment; the settings may name another. */
  readonly threat: Threat;
  readonly settings: TrainingSettings;
  readonly parts: TrainingParts;
  readonly seed: number;
  /** What the parts were made by. */
  readonly registry: Registry;
  /** Where checkpoints, weights and logs go. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
  readonly output: Pick<Output, 'warn'>;
}

/**
 * Trains a model as its settings say, and logs it. A run that was interrupted goes on from its
 * checkpoint in the folder.
 */
export async function trainModel(options: TrainModelOptions): Promise<FitResult> {
  const { model, splits, settings, parts, seed, folder, signal } = options;
  const storage = fileStorage(folder, (message) => options.output.warn([message]));
  const data = firstOf(splits.train, settings.take);
  const { attack, validationAttack, teacher, teachers, ...others } = parts;
  const logits = teacher && (await teacherLogits(teacher, data, { signal }));
  const learnedFrom: Json[] = [];
  for (const each of teachers) learnedFrom.push(await identifyModel(each));
  const follow = followTraining(options.name, options.progress);
  // A log that cannot be written stops the training after the step in progress, with a checkpoint.
  const stop = new AbortController();
  const log = logTraining(folder, settings.tensorboard ?? false, (error) => stop.abort(error));
  try {
    const result = await fit({
      ...others,
      ...numbersOf(settings),
      model,
      data: logits ? withTeacher(data, logits) : data,
      threat: parts.threat ?? options.threat,
      seed,
      checkpoint: { storage, every: settings.checkpointEvery },
      config: JSON.parse(JSON.stringify({ ...settings, teachers: learnedFrom, ...codeOf(options.registry) })) as Json,
      attack,
      ...validationOf(settings, splits, validationAttack),
      signal: AbortSignal.any([signal, stop.signal]),
      onEvent: (event) => {
        follow(event);
        log.add(event);
      },
    });
    await log.done();
    return result;
  } catch (error) {
    if (stop.signal.aborted && isStop(error)) throw stop.signal.reason;
    // What was logged before is on disk when the error is seen.
    await log.done().catch(() => undefined);
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

function isStop(error: unknown): boolean {
  return error instanceof AdvrobError && error.code === 'ADVROB_ABORTED';
}

/**
 * The type of `kd` asks for the teacher's logits; a config is checked for them when its parts are
 * made.
 */
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
      data: firstOf(splits.validation, take),
      every,
      attack,
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

interface TrainingLog {
  add(event: TrainingEvent): void;
  /** Waits until everything is on disk. @throws what writing failed with */
  done(): Promise<void>;
}

/** A file that training is logged to: how it begins, and what an event adds. */
interface LogFile {
  readonly name: string;
  readonly header: Uint8Array;
  encode(events: readonly LoggedEvent[]): Uint8Array;
}

const jsonLines: LogFile = {
  name: 'metrics.jsonl',
  header: new Uint8Array(),
  encode: (events) => new TextEncoder().encode(events.map((event) => `${JSON.stringify(event)}\n`).join('')),
};

/**
 * TensorBoard finds files by `tfevents` in their names. After a resume, earlier events get the time
 * of the resume.
 */
function eventFile(): LogFile {
  const now = (): number => Date.now() / 1000;
  return {
    name: 'events.out.tfevents.0.advrob',
    header: eventFileHeader(now()),
    encode: (events) =>
      encodeEvents(events.map((event) => ({ wallTime: now(), step: event.step, scalars: scalarsOf(event) }))),
  };
}

/**
 * Writes `metrics.jsonl` beside the checkpoints: what belongs to the run's history, one JSON object
 * a line; and a TensorBoard event file when asked for. After a resume both start from the
 * checkpoint's history. `onFailure` hears at once of what cannot be written.
 */
function logTraining(folder: string, tensorboard: boolean, onFailure: (error: unknown) => void): TrainingLog {
  const storage = fileStorage(folder);
  const files = tensorboard ? [jsonLines, eventFile()] : [jsonLines];
  let pending: Promise<void> = Promise.resolve();
  const start = async (history: readonly LoggedEvent[]): Promise<void> => {
    for (const { name, header, encode } of files)
      await writeAtomically(join(folder, name), Buffer.concat([header, encode(history)]));
  };
  const after = (write: () => Promise<void>): void => {
    pending = pending.then(write);
    pending.catch(onFailure);
  };
  const append = async (event: LoggedEvent): Promise<void> => {
    for (const { name, encode } of files) await storage.append!(name, encode([event]));
  };
  return {
    add(event) {
      if (event.type === 'start') after(() => start(event.history));
      else if (event.type === 'metrics' || event.type === 'validation') after(() => append(event));
    },
    done: () => pending,
  };
}
