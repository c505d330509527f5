import { AdvrobError, type Batch, type Classifier, type Norm, type Progress, type RunStorage } from '@advrob/core';
import { checkLoss } from '@advrob/core/attack';
import { checkFit, checkNorm, checkWhole } from './check-options.js';
import type { EvaluateOptions, EvaluationAttack } from './options.js';

/** One call of an attack per batch: a fixed budget is run at each epsilon, a minimal norm once. */
export interface Run {
  readonly entry: EvaluationAttack;
  readonly label: string;
  readonly norm: Norm;
  /** Radius of the call; Infinity for a minimal norm without a bound. */
  readonly epsilon: number;
  /** The finite radii at which its points are judged, ascending. */
  readonly epsilons: readonly number[];
  /** Whether its points are kept for the report: at the largest epsilon of each attack. */
  readonly isSampled: boolean;
}

/** One attack judged at one finite epsilon: a row of the tables. */
export interface Judgement {
  readonly entry: EvaluationAttack;
  readonly label: string;
  readonly norm: Norm;
  readonly epsilon: number;
  /** Place of the run that gives its points. */
  readonly run: number;
}

/**
 * Options with their defaults, checked, and the runs in order: attack by attack, epsilon ascending.
 */
export interface Plan {
  readonly name: string;
  readonly batchSize: number;
  readonly seed: number;
  readonly attackOn: 'all' | 'survivors';
  readonly samples: number;
  readonly saveAdversarial: boolean;
  readonly runs: readonly Run[];
  /** Attack by attack, epsilon ascending. */
  readonly judgements: readonly Judgement[];
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
  checkLabels(attacks.map(labelOf));
  const judgements = runs.flatMap(({ entry, label, norm, epsilons }, run) =>
    epsilons.map((epsilon) => ({ entry, label, norm, epsilon, run })),
  );
  return { name, batchSize, seed, attackOn, samples, saveAdversarial, runs, judgements };
}

function runsOf(entry: EvaluationAttack): Run[] {
  const label = labelOf(entry);
  checkNorm(label, entry.attack, entry.norm);
  checkLoss(entry.attack, entry.loss);
  checkWhole(`restarts of attack '${label}'`, entry.restarts ?? 1, 1);
  const epsilons = [...new Set(typeof entry.epsilon === 'number' ? [entry.epsilon] : entry.epsilon)].sort(
    (a, b) => a - b,
  );
  const isMinimal = entry.attack.definition.budget === 'minimal';
  const isLegal = (epsilon: number): boolean => epsilon >= 0 && (isMinimal || epsilon < Infinity);
  if (epsilons.length === 0 || !epsilons.every(isLegal))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `epsilon of attack '${label}': expected one or more ${isMinimal ? '' : 'finite '}numbers of at least 0, got [${epsilons.join(', ')}]`,
    );
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
    throw new AdvrobError('ADVROB_OPTION', `two attacks are called '${twice}': give each its own label`);
  if (labels.includes('clean') || labels.includes(''))
    throw new AdvrobError('ADVROB_OPTION', "an attack is called 'clean' or has an empty label: give it another");
}
