import type { Classifier, Json } from '@advrob/core';
import { evaluate, trainingCurves, type Evaluation } from '@advrob/evaluation';
import { join } from 'node:path';
import { codeOf } from '../backend/environment.js';
import type { MeasuringExperiment, TrainingSettings } from '../config/schema.js';
import { fileStorage } from '../storage/files.js';
import { clock, followEvaluation, type ProgressLine } from '../output/progress.js';
import { warningTexts } from '../output/terminal.js';
import { evaluationWarnings } from './data-warnings.js';
import { followGradients, sureWarnings } from './model-check.js';
import { checksOf, parametersOf, wantedChecks } from './robustness-checks.js';
import type { ExperimentRun, MeasurablePrepared, Measured, PreparedModel, TrainingOutcome } from './types.js';

/** At most so many other models of the experiment lend their adversarial examples to the checks. */
const mostSurrogates = 1;

/** Evaluates a trained model and checks the result. */
export async function measureModel(
  run: ExperimentRun & { readonly experiment: MeasuringExperiment },
  { splits, models, measurement }: MeasurablePrepared,
  { id, model, architecture, training }: PreparedModel,
  { trained, seconds }: TrainingOutcome,
  progress: ProgressLine,
): Promise<Measured> {
  const { experiment, registry, signal } = run;
  const { batchSize, attackOn, saveAdversarial, checks: wanted } = experiment.evaluation;
  const folder = join(run.folder, 'models', id);
  const { data, attacks, certifiers } = measurement;
  const evaluation = await evaluate({
    model,
    data,
    name: id,
    attacks,
    certifiers,
    seed: experiment.seed,
    batchSize,
    attackOn,
    saveAdversarial,
    storage: fileStorage(folder, (message) => run.output.warn([message])),
    config: codeOf(registry),
    signal,
    onProgress: followEvaluation(id, progress),
  });
  const begun = performance.now();
  const settings = wantedChecks(wanted, model, experiment.threat.norm);
  const checks = settings
    ? await checksOf({
        id,
        model,
        data,
        threat: experiment.threat,
        evaluated: attacks,
        surrogates: surrogatesFor(id, models),
        settings,
        seed: experiment.seed,
        folder,
        registry,
        signal,
        progress,
        output: run.output,
      })
    : [];
  const isFollowed = followGradients(attacks.map(({ attack }) => attack));
  const warnings = [
    ...(isFollowed ? await sureWarnings(id, model, data) : []),
    ...evaluationWarnings(evaluation, data, experiment.evaluation.take),
  ];
  const checkSeconds = (performance.now() - begun) / 1000;
  progress.end(`${id}: evaluated in ${clock(totalSeconds(evaluation) + checkSeconds)}`);
  run.output.warn(warningTexts(warnings));
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
      ...(training &&
        trained && {
          training: {
            method: methodOf(training.settings),
            steps: trained.steps,
            seed: experiment.seed,
            ...(trained.inputGradients > 0 && { adversarialGradients: trained.inputGradients }),
            ...(trained.notFiniteGradients > 0 && { notFiniteGradients: trained.notFiniteGradients }),
            dataHash: splits.train.hash,
            curves: trainingCurves(trained.history),
          },
        }),
    },
    checks,
    warnings,
    timing: { trainingSeconds: seconds, evaluation: evaluation.timing as unknown as Json, checkSeconds },
  };
}

/**
 * The recipe or objective with the parts that were named beside it: `pgd-at with entropy-sgd and
 * awp`.
 */
export function methodOf({
  trainer,
  objective,
  optimizer,
  transforms = [],
  averager,
}: Pick<TrainingSettings, 'trainer' | 'objective' | 'optimizer' | 'transforms' | 'averager'>): string {
  const main = trainer ?? objective;
  const beside = [main === trainer ? objective : undefined, optimizer, ...transforms, averager];
  const names = [...new Set(beside.flatMap((part) => (part && part !== main ? [part.name] : [])))];
  const list = names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${main?.name ?? 'erm'}${list === '' ? '' : ` with ${list}`}`;
}

/**
 * The model that stands next in the experiment, of the same inputs and classes, the last one's next
 * being the first.
 */
function surrogatesFor(id: string, models: readonly PreparedModel[]): Record<string, Classifier> {
  const own = models.findIndex((other) => other.id === id);
  const { inputShape, numClasses } = models[own]!.model;
  const next = [...models.slice(own + 1), ...models.slice(0, own)].filter(
    ({ model }) => model.inputShape.join() === inputShape.join() && model.numClasses === numClasses,
  );
  return Object.fromEntries(next.slice(0, mostSurrogates).map((other) => [other.id, other.model]));
}

function totalSeconds({ timing }: Evaluation): number {
  return [...timing.attacks, ...(timing.certifiers ?? [])].reduce((sum, { seconds }) => sum + seconds, timing.clean);
}
