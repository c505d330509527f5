import {
  AdvrobError,
  type Classifier,
  type Dataset,
  type Json,
  type Registry,
  type Splits,
  type Threat,
} from '@advrob/core';
import {
  createRecord,
  describeData,
  evaluate,
  recordName,
  serializeRecord,
  trainingCurves,
  type Evaluation,
  type EvaluationAttack,
  type RecordedModel,
  type RunRecord,
} from '@advrob/evaluation';
import type { FitResult } from '@advrob/training';
import { join } from 'node:path';
import type { BackendChoice } from '../backend/select.js';
import type { Experiment } from '../config/schema.js';
import { followEvaluation } from '../output/evaluation-progress.js';
import { clock, createProgress, type ProgressLine } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { followTraining } from '../output/training-progress.js';
import { fileStorage, writeAtomically } from '../storage/file-storage.js';
import { environmentOf } from './environment.js';
import { loadAnyModel } from './load-model.js';
import { lossNamed, makePart } from './parts.js';
import { unmetRequirements } from './requirements.js';
import { claimFolder } from './run-folder.js';
import { settingsOf, trainModel } from './train-model.js';
import { logTraining } from './training-log.js';
import { writeReport } from './write-report.js';

export interface ExperimentRun {
  readonly experiment: Experiment;
  readonly folder: string;
  readonly registry: Registry;
  readonly backend: BackendChoice;
  /** The command as it was typed. */
  readonly command: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export interface ExperimentResult {
  readonly record: RunRecord;
  /** Path of the page. */
  readonly report: string;
  /** What the config requires and the record does not show. */
  readonly unmet: readonly string[];
}

interface Measured {
  readonly model: RecordedModel;
  readonly timing: Json;
}

/**
 * Trains and evaluates every model of an experiment in one folder, and writes its record and page. Whatever a run that was stopped has left in the folder is
 * taken up; the record ends the same, bit for bit, times aside.
 */
export async function runExperiment(run: ExperimentRun): Promise<ExperimentResult> {
  const { experiment, folder, registry, backend, command, output } = run;
  await claimFolder(folder, experiment);
  output.line(`${experiment.title ?? experiment.name}: backend ${backend.name}, folder ${folder}`);
  const splits = await makePart(registry, 'datasets', experiment.dataset);
  const { split, take } = experiment.evaluation;
  const data = take === undefined ? splits[split] : splits[split].take(take);
  const progress = createProgress();
  const measured: Measured[] = [];
  try {
    for (const { id } of experiment.models) measured.push(await trainAndEvaluate(run, id, splits, data, progress));
  } finally {
    progress.end();
  }
  const record = createRecord({
    title: experiment.title ?? experiment.name,
    command,
    config: JSON.parse(JSON.stringify(experiment)) as RunRecord['config'],
    environment: environmentOf(backend.name),
    seeds: { experiment: experiment.seed },
    data: describeData(data, split),
    models: measured.map(({ model }) => model),
    timing: Object.fromEntries(measured.map(({ model, timing }) => [model.name, timing])) as RunRecord['timing'],
  });
  await writeAtomically(join(folder, recordName), serializeRecord(record));
  const report = await writeReport(folder, record);
  return { record, report, unmet: unmetRequirements(record, experiment.evaluation.require) };
}

async function trainAndEvaluate(
  run: ExperimentRun,
  id: string,
  splits: Splits,
  data: Dataset,
  progress: ProgressLine,
): Promise<Measured> {
  const { experiment, registry, signal } = run;
  const folder = join(run.folder, 'models', id);
  const entry = experiment.models.find((model) => model.id === id)!;
  const architecture = entry.architecture ?? experiment.architecture;
  const model = await openModel(run, entry.weights, architecture, data);
  try {
    const begun = performance.now();
    const trained = await train(run, id, model, splits, folder, progress);
    const trainingSeconds = (performance.now() - begun) / 1000;
    const evaluation = await evaluate({
      model,
      data,
      name: id,
      attacks: attacksOf(experiment, registry),
      seed: experiment.seed,
      batchSize: experiment.evaluation.batchSize,
      storage: fileStorage(folder),
      signal,
      onProgress: followEvaluation(id, progress),
    });
    progress.end(`${id}: evaluated in ${clock(totalSeconds(evaluation))}`);
    const settings = settingsOf(experiment, id);
    return {
      model: {
        ...evaluation.result,
        ...(architecture && {
          architecture: {
            name: architecture.name,
            options: architecture.options as never,
            parameters: parametersOf(model),
          },
        }),
        ...(settings &&
          trained && {
            training: {
              method: settings.trainer?.name ?? settings.objective?.name ?? 'erm',
              steps: trained.steps,
              seed: experiment.seed,
              dataHash: splits.train.hash,
              curves: trainingCurves(trained.history),
            },
          }),
      },
      timing: { trainingSeconds, evaluation: evaluation.timing as unknown as Json },
    };
  } finally {
    model.dispose?.();
  }
}

async function openModel(
  run: ExperimentRun,
  weights: string | undefined,
  architecture: Experiment['architecture'],
  data: Dataset,
): Promise<Classifier> {
  const { experiment, registry } = run;
  if (weights !== undefined)
    return loadAnyModel(weights, registry, {
      bounds: data.bounds,
      ...(architecture && { architecture: architecture.name, architectureOptions: architecture.options }),
    });
  if (architecture === undefined)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      'a model needs an architecture (its own or that of the experiment) or weights',
    );
  return makePart(registry, 'models', architecture)(experiment.seed);
}

async function train(
  run: ExperimentRun,
  id: string,
  model: Classifier,
  splits: Splits,
  folder: string,
  progress: ProgressLine,
): Promise<FitResult | undefined> {
  const settings = settingsOf(run.experiment, id);
  if (settings === undefined) return undefined;
  const follow = followTraining(id, progress);
  const log = logTraining(folder);
  const result = await trainModel({
    registry: run.registry,
    model,
    splits,
    threat: run.experiment.threat as Threat,
    settings,
    seed: run.experiment.seed,
    folder,
    signal: run.signal,
    onEvent: (event) => {
      follow(event);
      log.add(event);
    },
  });
  await log.done();
  return result;
}

function attacksOf(experiment: Experiment, registry: Registry): EvaluationAttack[] {
  const { threat, evaluation } = experiment;
  return evaluation.attacks.map(({ name, label, options, norm, epsilon, restarts, loss }) => ({
    attack: makePart(registry, 'attacks', { name, options }),
    norm: norm ?? threat.norm,
    epsilon: epsilon ?? threat.epsilon,
    restarts,
    ...(label !== undefined && { label }),
    ...(loss !== undefined && { loss: lossNamed(loss) }),
  }));
}

function parametersOf(model: Classifier): number {
  return Object.values(model.weights).reduce((sum, { size }) => sum + size, 0);
}

function totalSeconds({ timing }: Evaluation): number {
  return timing.attacks.reduce((sum, { seconds }) => sum + seconds, timing.clean);
}
