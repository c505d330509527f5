import {
  AdvrobError,
  type AttackResult,
  type Batch,
  type Classifier,
  type Progress,
  type RunStorage,
} from '@advrob/core';
import { checkLoss } from '@advrob/core/attack';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkFit, checkNorm, checkWhole } from './check-options.js';
import type { Certificates, PlannedRuns } from './certificates/types.js';
import { radiiOf } from './radii.js';
import type { EvaluateOptions } from './options.js';
import type { EvaluationAttack, Run } from './runs.js';

export type { Judgement, Run } from './runs.js';

/**
 * Options with their defaults, checked, and the runs in order: attack by attack, epsilon ascending.
 */
export interface Plan extends PlannedRuns {
  readonly name: string;
  readonly batchSize: number;
  readonly seed: number;
  readonly attackOn: 'all' | 'survivors';
  readonly samples: number;
  readonly saveAdversarial: boolean;
  readonly certifiers: Certificates | undefined;
}

/** One run on the wanted rows of one batch. */
export interface AttackBatch {
  readonly model: Classifier;
  readonly batch: Batch;
  readonly run: Run;
  /** Which rows of the batch are attacked, ascending. */
  readonly rows: readonly number[];
  readonly seed: number;
  /** Where the batch starts in the data. */
  readonly position: number;
  /** Of how many first rows of the batch the points are kept for the report. */
  readonly keep: number;
  /** Where adversarial examples are saved, and under which name; undefined: they are not. */
  readonly save: { readonly storage: RunStorage; readonly name: string } | undefined;
  readonly signal: AbortSignal | undefined;
  onProgress(progress: Progress): void;
  /** Shown what the attack found on `x`, the rows alone. @throws AdvrobError where that cannot be. */
  onResult(x: Tensor, result: AttackResult): Promise<void> | void;
}

/**
 * @throws AdvrobError `ADVROB_OPTION`, `ADVROB_NORM`, `ADVROB_SHAPE` or `ADVROB_BOUNDS` before any
 *   work is done.
 */
export function planOf(options: EvaluateOptions): Plan {
  const { name = 'model', batchSize = 128, seed = 0, attackOn = 'all', samples = 8, attacks, model, data } = options;
  const { saveAdversarial = false } = options;
  checkWhole('batchSize', batchSize, 1);
  checkWhole('seed', seed, 0);
  checkWhole('samples', samples, 0);
  if (attackOn !== 'all' && attackOn !== 'survivors')
    throw new AdvrobError('ADVROB_OPTION', `attackOn: expected 'all' or 'survivors', got '${String(attackOn)}'`);
  checkFit(model, data);
  if (saveAdversarial && options.storage === undefined)
    throw new AdvrobError('ADVROB_OPTION', 'saveAdversarial: there is no storage to save to: give one');
  const runs = attacks.flatMap(runsOf);
  const { certifiers } = options;
  const certificates = certifiers?.runsOf(model) ?? [];
  checkLabels([...attacks.map(labelOf), ...(certifiers?.labels ?? [])]);
  const judgements = runs.flatMap(({ entry, label, norm, epsilons }, run) =>
    epsilons.map((epsilon) => ({ entry, label, norm, epsilon, run })),
  );
  return { name, batchSize, seed, attackOn, samples, saveAdversarial, runs, certifiers, certificates, judgements };
}

function runsOf(entry: EvaluationAttack): Run[] {
  const label = labelOf(entry);
  checkNorm(label, entry.attack, entry.norm);
  checkLoss(entry.attack, entry.loss);
  checkWhole(`restarts of attack '${label}'`, entry.restarts ?? 1, 1);
  const isMinimal = entry.attack.definition.budget === 'minimal';
  const epsilons = radiiOf(`attack '${label}'`, entry.epsilon, isMinimal);
  const shared = { entry, label, norm: entry.norm };
  if (isMinimal) {
    const finite = epsilons.filter((epsilon) => epsilon < Infinity);
    return [{ ...shared, epsilon: epsilons.at(-1)!, epsilons: finite, isSampled: true }];
  }
  return epsilons.map((epsilon, i) => ({
    ...shared,
    epsilon,
    epsilons: [epsilon],
    isSampled: i === epsilons.length - 1,
  }));
}

function labelOf({ label, attack }: EvaluationAttack): string {
  return label ?? attack.name;
}

function checkLabels(labels: readonly string[]): void {
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined)
    throw new AdvrobError('ADVROB_OPTION', `two attacks or certifiers are called '${twice}': give each its own label`);
  if (labels.includes('clean') || labels.includes(''))
    throw new AdvrobError('ADVROB_OPTION', "an attack is called 'clean' or has an empty label: give it another");
}
