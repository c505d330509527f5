import type { Splits } from '@advrob/core';
import {
  createRecord,
  describeData,
  recordChecks,
  type RecordedModel,
  type RecordWarning,
  type RobustnessCheck,
  type RunRecord,
} from '@advrob/evaluation';
import { join } from 'node:path';
import { codeOf, environmentOf } from '../backend/environment.js';
import { defaultChecks } from '../config/evaluation-schema.js';
import { hasModels, isMeasuring, savedConfig, type Experiment, type ModelExperiment } from '../config/schema.js';
import { evaluationWork, trainingWork, trainsAgainstAttacks, type Stage } from '../output/course.js';
import { createProgress, type ProgressLine } from '../output/progress.js';
import { warningTexts } from '../output/terminal.js';
import { analyzeAll } from './analyses.js';
import { radiusWarnings } from './data-warnings.js';
import { measureModel } from './measure-model.js';
import { checkModels, followGradients, modelWarnings } from './model-check.js';
import { prepare } from './prepare.js';
import { workIn, writeRecord, type FileHashes } from './record.js';
import { noteOf, requirementsOf } from './requirements.js';
import { checksWork, wantedChecks } from './robustness-checks.js';
import { claimFolder } from './run-folder.js';
import { trainModel } from './train-model.js';
import type { ExperimentResult, ExperimentRun, Measured, Prepared, PreparedModel, TrainingOutcome } from './types.js';

/**
 * Trains all models of an experiment in one folder, then measures each, then runs the analyses, and
 * writes record and page. Whatever a run that was stopped has left in the folder is taken up; the
 * record ends the same, bit for bit, times aside.
 */
export function runExperiment(run: ExperimentRun): Promise<ExperimentResult> {
  return workIn(run.folder, run.output, (written) => runInFolder(run, written));
}

async function runInFolder(run: ExperimentRun, written: FileHashes): Promise<ExperimentResult> {
  const { experiment, folder, registry, backend, command, output } = run;
  const progress = createProgress();
  progress.update(() => `${experiment.name}: reading data and models`);
  const prepared = await prepare(experiment, registry).finally(() => progress.end());
  progress.plan(stagesOf(experiment, prepared));
  try {
    const checked = await checkModels(checkable(prepared), experiment.modelCheck);
    await claimFolder(folder, experiment, { ...codeOf(registry), splits: prepared.splits }, written);
    output.line(`${experiment.title ?? experiment.name}: backend ${backend.name}, folder ${folder}`);
    const early = earlyWarnings(prepared, checked);
    output.warn(warningTexts(early));
    const outcomes = await trainAll(run, prepared, progress);
    const measured = await measureAll(run, prepared, outcomes, progress);
    const analysed = await analyzeAll(run, prepared.analyses, progress);
    progress.update(() => `${experiment.name}: writing record and page`);
    const { measurement } = prepared;
    const record = createRecord({
      title: experiment.title ?? experiment.name,
      command,
      config: savedConfig(experiment) as RunRecord['config'],
      environment: environmentOf(backend.name),
      seeds: { experiment: experiment.seed },
      ...(measurement && { data: describeData(measurement.data, experiment.evaluation?.split) }),
      models: measured.map(({ model }) => withNote(model, experiment)),
      checks: [
        ...[...checked].flatMap(([name, check]) => recordChecks(name, [check])),
        ...measured.flatMap(({ model, checks }) => recordChecks(model.name, checks)),
      ],
      warnings: distinct([...early, ...measured.flatMap(({ warnings }) => warnings)]),
      analyses: analysed.map(({ result }) => result),
      timing: {
        ...Object.fromEntries(measured.map(({ model, timing }) => [model.name, timing])),
        ...Object.fromEntries(analysed.map(({ result, seconds }) => [`analysis ${result.id}`, { seconds }])),
      } as RunRecord['timing'],
    });
    const made = await writeRecord(folder, record);
    progress.end();
    return { ...made, requirements: requirementsOf(record, experiment.evaluation?.require) };
  } finally {
    progress.end();
    prepared.shelf.dispose();
  }
}

/** Every model of an experiment with what it is looked at on. */
function checkable({ models, splits, analyses }: Prepared): Parameters<typeof checkModels>[0] {
  return [
    ...models.map(({ id, model }) => ({ name: id, model, data: splits?.test })),
    ...analyses.flatMap(({ models: cast, names, data }) =>
      Object.entries(cast).map(([role, model]) => ({ name: names[role]!, model, data })),
    ),
  ];
}

/** What can be said before anything is trained. */
function earlyWarnings(
  { measurement, analyses }: Prepared,
  checked: ReadonlyMap<string, RobustnessCheck>,
): RecordWarning[] {
  const attacks = measurement?.attacks ?? [];
  // An analysis may run any attack.
  const isFollowed = analyses.length > 0 || followGradients(attacks.map(({ attack }) => attack));
  return [
    ...(measurement ? radiusWarnings(attacks, measurement.data) : []),
    ...(isFollowed ? [...checked].flatMap(([name, check]) => modelWarnings(name, check)) : []),
  ];
}

/** Data that tell too little tell it of every model alike. */
function distinct(warnings: readonly RecordWarning[]): RecordWarning[] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}

/** All that an experiment does, with what each stage takes as far as it can be told. */
function stagesOf(experiment: Experiment, { splits, models, measurement, analyses }: Prepared): Stage[] {
  const trained = models.flatMap(({ id, training }): Stage[] => {
    if (training === undefined || splits === undefined) return [];
    return [
      {
        id: `training of ${id}`,
        kind: 'training',
        work: trainingWork(training.settings, training.parts, splits.train.length),
      },
    ];
  });
  const measured = models.flatMap(({ id, model, training }): Stage[] => {
    if (measurement === undefined || !isMeasuring(experiment)) return [];
    const { data, attacks } = measurement;
    const settings = wantedChecks(experiment.evaluation.checks, model, experiment.threat.norm);
    const isPlain = training !== undefined && !trainsAgainstAttacks(training.parts);
    const work = { evaluated: attacks, threat: experiment.threat, settings: settings ?? defaultChecks, data };
    return [
      {
        id: `evaluation of ${id}`,
        kind: 'evaluation',
        isPlain,
        work: (share) => evaluationWork(data, attacks, share),
      },
      ...(settings
        ? [
            {
              id: `checks of ${id}`,
              kind: 'checks' as const,
              isPlain,
              work: (share: number) => checksWork(work, models.length > 1 ? 1 : 0, share),
            },
          ]
        : []),
    ];
  });
  const analysed = analyses.map(({ id }): Stage => ({ id: `analysis ${id}`, kind: 'analysis', work: undefined }));
  return [...trained, ...measured, ...analysed];
}

function withNote(model: RecordedModel, { evaluation }: Experiment): RecordedModel {
  const note = noteOf(model, evaluation?.notes);
  return note === undefined ? model : { ...model, note };
}

async function trainAll(
  { experiment, ...run }: ExperimentRun,
  { models, splits }: Prepared,
  progress: ProgressLine,
): Promise<TrainingOutcome[]> {
  const outcomes: TrainingOutcome[] = [];
  if (!hasModels(experiment) || splits === undefined) return outcomes;
  for (const model of models) outcomes.push(await train({ ...run, experiment }, splits, model, progress));
  return outcomes;
}

async function measureAll(
  { experiment, ...run }: ExperimentRun,
  { splits, measurement, ...prepared }: Prepared,
  outcomes: readonly TrainingOutcome[],
  progress: ProgressLine,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  if (!isMeasuring(experiment) || splits === undefined || measurement === undefined) return measured;
  const site = { ...prepared, splits, measurement };
  for (const [i, model] of prepared.models.entries())
    measured.push(await measureModel({ ...run, experiment }, site, model, outcomes[i]!, progress));
  return measured;
}

async function train(
  run: ExperimentRun & { readonly experiment: ModelExperiment },
  splits: Splits,
  { id, model, training }: PreparedModel,
  progress: ProgressLine,
): Promise<TrainingOutcome> {
  if (training === undefined) return { seconds: 0 };
  const begun = performance.now();
  const trained = await trainModel({
    name: id,
    model,
    splits,
    threat: run.experiment.threat,
    ...training,
    seed: run.experiment.seed,
    registry: run.registry,
    folder: join(run.folder, 'models', id),
    signal: run.signal,
    progress,
    output: run.output,
  });
  return { trained, seconds: (performance.now() - begun) / 1000 };
}
