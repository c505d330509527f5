import type { Json, Registry } from '@advrob/core';
import { evaluate, type RecordWarning, type RunRecord } from '@advrob/evaluation';
import { evaluateElsewhere, evaluateShard, type Hands, type Share } from '@advrob/evaluation/shards';
import { defaultChecks } from '../config/evaluation-schema.js';
import { evaluationWarnings, radiusWarnings } from '../experiment/data-warnings.js';
import { modelName } from '../experiment/load-model.js';
import { checkModel, followGradients, modelWarnings, settingFor, sureWarnings } from '../experiment/model-check.js';
import { writeEvaluationRecord } from '../experiment/record.js';
import { checksOf, checksWork } from '../experiment/robustness-checks.js';
import type { EvaluationFlags } from '../flags/evaluation-flags.js';
import { evaluationWork } from '../output/course.js';
import { createProgress, followEvaluation } from '../output/progress.js';
import { warningTexts, type Output } from '../output/terminal.js';
import { fileStorage } from '../storage/files.js';
import { prepareEvaluation } from './prepare.js';

/** An evaluation of the command line. */
export interface EvaluationRun {
  /** Those of a single run. */
  readonly given: EvaluationFlags;
  /** Where it writes. */
  readonly folder: string;
  readonly registry: Registry;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Who computes the batches. Default: this process. */
  readonly hands?: Hands | undefined;
  /** Shows progress. */
  readonly follow?: typeof followEvaluation | undefined;
}

/** Evaluates, and writes record, examples and page. `command` is that of a single run. */
export async function runEvaluation(run: EvaluationRun & { readonly command: string }): Promise<RunRecord> {
  const { given, folder, registry, output, signal, hands, follow = followEvaluation, command } = run;
  const progress = createProgress();
  try {
    const { name, model, data, attacks, threat, options, checked, warnings, warn, dispose } = await opened(
      run,
      progress,
    );
    try {
      progress.plan([
        { id: `evaluation of ${name}`, kind: 'evaluation', work: (share) => evaluationWork(data, attacks, share) },
        ...(given.checks
          ? [
              {
                id: `checks of ${name}`,
                kind: 'checks' as const,
                work: (share: number) =>
                  checksWork({ evaluated: attacks, threat, settings: defaultChecks, data }, 0, share),
              },
            ]
          : []),
      ]);
      const whole = {
        ...options,
        storage: fileStorage(folder, (message) => output.warn([message])),
        signal,
        onProgress: follow(name, progress),
      };
      const evaluation = await (hands ? evaluateElsewhere(whole, hands) : evaluate(whole));
      const checks = given.checks
        ? await checksOf({
            id: name,
            model,
            data,
            threat,
            evaluated: attacks,
            surrogates: {},
            settings: defaultChecks,
            seed: given.seed,
            folder,
            registry,
            signal,
            progress,
            output,
          })
        : [];
      warn(evaluationWarnings(evaluation, data, given.take));
      progress.update(() => `${name}: writing record and page`);
      return await writeEvaluationRecord(folder, {
        command,
        seed: given.seed,
        config: JSON.parse(JSON.stringify(given)) as Json,
        data,
        split: given.split,
        evaluation,
        checks: [checked, ...checks],
        warnings,
      });
    } finally {
      dispose();
    }
  } finally {
    progress.end();
  }
}

/** Computes a part of an evaluation. */
export async function runShard(run: EvaluationRun, share: Share): Promise<{ batches: number; total: number }> {
  const { folder, output, signal, hands } = run;
  const progress = createProgress();
  try {
    const { name, options, dispose } = await opened(run, progress);
    try {
      const storage = fileStorage(folder, (message) => output.warn([message]));
      const onProgress = followEvaluation(`${name} ${share.index}/${share.count}`, progress);
      return await evaluateShard({ ...options, storage, signal, onProgress }, share, hands);
    } finally {
      dispose();
    }
  } finally {
    progress.end();
  }
}

/** The parts of an evaluation, of which the model was checked. */
async function opened({ given, registry, output }: EvaluationRun, progress: ReturnType<typeof createProgress>) {
  progress.update(() => `${modelName(given.model)}: reading data and model`);
  const warnings: RecordWarning[] = [];
  const warn = (found: readonly RecordWarning[]): void => {
    if (found.length > 0) progress.end();
    output.warn(warningTexts(found));
    warnings.push(...found);
  };
  const prepared = await prepareEvaluation(given, registry, (data, epsilon) =>
    warn(radiusWarnings([{ norm: given.norm, epsilon }], data)),
  );
  try {
    const { name, model, data, attacks } = prepared;
    const composed = attacks.map(({ attack }) => attack);
    const checked = await checkModel(name, model, data, settingFor(given.modelCheck, composed));
    if (followGradients(composed)) warn([...modelWarnings(name, checked), ...(await sureWarnings(name, model, data))]);
    return { ...prepared, checked, warnings, warn };
  } catch (error) {
    prepared.dispose();
    throw error;
  }
}
