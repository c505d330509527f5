import {
  AdvrobError,
  type Batch,
  type CertificateStatement,
  type Classifier,
  type Norm,
  type Progress,
  type RunStorage,
} from '@advrob/core';
import { checkLoss } from '@advrob/core/attack';
import { createThreat } from '@advrob/core/threat';
import { checkFit, checkNorm, checkWhole } from './check-options.js';
import type { EvaluateOptions, EvaluationAttack, EvaluationCertifier } from './options.js';
import type { CertificateOutcome } from './outcome.js';

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

/** One call of a certifier per batch. */
export interface CertificateRun {
  readonly entry: EvaluationCertifier;
  readonly label: string;
  readonly norm: Norm;
  /** Radius of the call; Infinity for the largest radius of every example. */
  readonly epsilon: number;
  /** The finite radii at which its certificates are judged, ascending. */
  readonly epsilons: readonly number[];
  readonly statement: CertificateStatement;
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
  /** Certifier by certifier, epsilon ascending. */
  readonly certificates: readonly CertificateRun[];
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
  /** What was certified of the batch, by the places of the plan. */
  readonly certificates: readonly CertificateOutcome[];
  /** The plan's. */
  readonly certified: readonly CertificateRun[];
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
  const certificates = (options.certifiers ?? []).flatMap((entry) => certificateRunsOf(entry, model.bounds));
  checkLabels([...attacks.map(labelOf), ...(options.certifiers ?? []).map(certifierLabel)]);
  const judgements = runs.flatMap(({ entry, label, norm, epsilons }, run) =>
    epsilons.map((epsilon) => ({ entry, label, norm, epsilon, run })),
  );
  return { name, batchSize, seed, attackOn, samples, saveAdversarial, runs, certificates, judgements };
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

function certificateRunsOf(entry: EvaluationCertifier, bounds: Classifier['bounds']): CertificateRun[] {
  const { certifier, norm } = entry;
  const label = certifierLabel(entry);
  if (!certifier.norms.includes(norm))
    throw new AdvrobError(
      'ADVROB_NORM',
      `certifier '${label}' works for ${certifier.norms.join(', ')}, not for ${norm}: choose another norm or certifier`,
    );
  const radii = radiiOf(`certifier '${label}'`, entry.epsilon, certifier.radii === true);
  const runOf = (epsilon: number, epsilons: readonly number[]): CertificateRun => {
    const statement = certifier.statement(createThreat({ norm, epsilon }, bounds));
    return { entry, label, norm, epsilon, epsilons, statement };
  };
  if (!certifier.radii) return radii.map((epsilon) => runOf(epsilon, [epsilon]));
  const finite = radii.filter((epsilon) => epsilon < Infinity);
  return [runOf(radii.length === 1 ? radii[0]! : Infinity, finite)];
}

/** Radii, each once and ascending. */
function radiiOf(what: string, given: number | readonly number[], isUnbounded: boolean): number[] {
  const radii = [...new Set(typeof given === 'number' ? [given] : given)].sort((a, b) => a - b);
  if (radii.length > 0 && radii.every((radius) => radius >= 0 && (isUnbounded || radius < Infinity))) return radii;
  throw new AdvrobError(
    'ADVROB_OPTION',
    `epsilon of ${what}: expected one or more ${isUnbounded ? '' : 'finite '}numbers of at least 0, got [${radii.join(', ')}]`,
  );
}

function certifierLabel({ label, certifier }: EvaluationCertifier): string {
  return label ?? certifier.name;
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
