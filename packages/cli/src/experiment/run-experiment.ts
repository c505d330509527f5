import type { Registry, Threat } from '@advrob/core';
import {
  createRecord,
  describeData,
  recordChecks,
  recordName,
  serializeRecord,
  type RecordedModel,
  type RunRecord,
} from '@advrob/evaluation';
import type { FitResult } from '@advrob/training';
import { join } from 'node:path';
import type { BackendChoice } from '../backend/select.js';
import { savedConfig } from '../config/saved-config.js';
import type { Experiment } from '../config/schema.js';
import { createProgress, type ProgressLine } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { followTraining } from '../output/training-progress.js';
import { writeAtomically } from '../storage/file-storage.js';
import { environmentOf } from './environment.js';
import { measureModel, type Measured } from './measure-model.js';
import { noteOf } from './notes.js';
import { prepare, type Prepared, type PreparedModel } from './prepared.js';
import { unmetRequirements } from './requirements.js';
import { claimFolder } from './run-folder.js';
import { trainModel } from './train-model.js';
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

/** What training a model gave, with its time. */
export interface TrainingOutcome {
  readonly trained?: FitResult;
  readonly seconds: number;
}

/**
 * Trains all models of an experiment in one folder, then measures each, and writes record and page. Whatever a run that was stopped has left in the folder is
 * taken up; the record ends the same, bit for bit, times aside.
 */
export async function runExperiment(run: ExperimentRun): Promise<ExperimentResult> {
  const { experiment, folder, registry, backend, command, output } = run;
  const prepared = await prepare(experiment, registry);
  const progress = createProgress();
  try {
    await claimFolder(folder, experiment);
    output.line(`${experiment.title ?? experiment.name}: backend ${backend.name}, folder ${folder}`);
    const outcomes: TrainingOutcome[] = [];
    for (const model of prepared.models) outcomes.push(await train(run, prepared, model, progress));
    const measured: Measured[] = [];
    for (const [i, model] of prepared.models.entries())
      measured.push(await measureModel(run, prepared, model, outcomes[i]!, progress));
    progress.end();
    const record = createRecord({
      title: experiment.title ?? experiment.name,
      command,
      config: savedConfig(experiment) as RunRecord['config'],
      environment: environmentOf(backend.name),
      seeds: { experiment: experiment.seed },
      data: describeData(prepared.data, experiment.evaluation.split),
      models: measured.map(({ model }) => withNote(model, experiment)),
      checks: measured.flatMap(({ model, checks }) => recordChecks(model.name, checks)),
      timing: Object.fromEntries(measured.map(({ model, timing }) => [model.name, timing])) as RunRecord['timing'],
    });
    await writeAtomically(join(folder, recordName), serializeRecord(record));
    const report = await writeReport(folder, record);
    return { record, report, unmet: unmetRequirements(record, experiment.evaluation.require) };
  } finally {
    progress.end();
    prepared.shelf.dispose();
  }
}

function withNote(model: RecordedModel, { evaluation }: Experiment): RecordedModel {
  const note = noteOf(model, evaluation.notes);
  return note === undefined ? model : { ...model, note };
}

async function train(
  run: ExperimentRun,
  { splits }: Prepared,
  { id, model, training }: PreparedModel,
  progress: ProgressLine,
): Promise<TrainingOutcome> {
  if (training === undefined) return { seconds: 0 };
  const begun = performance.now();
  const folder = join(run.folder, 'models', id);
  const follow = followTraining(id, progress);
  const log = logTraining(folder, { tensorboard: training.settings.tensorboard ?? false });
  const trained = await trainModel({
    model,
    splits,
    threat: run.experiment.threat as Threat,
    ...training,
    seed: run.experiment.seed,
    folder,
    signal: run.signal,
    onEvent: (event) => {
      follow(event);
      log.add(event);
    },
  });
  await log.done();
  return { trained, seconds: (performance.now() - begun) / 1000 };
}
