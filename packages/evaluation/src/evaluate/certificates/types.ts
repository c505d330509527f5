import type { AttackResult, Batch, Certifier, CertificateStatement, Classifier, Json, Norm } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExampleRecord } from '../../record/example.js';
import type { ModelResult } from '../../record/model-result.js';
import type { BatchOutcome, CertificateOutcome, CleanOutcome } from '../outcome.js';
import type { Judgement, Run } from '../runs.js';

/** A certifier of an evaluation, with the threats that it certifies against. */
export interface EvaluationCertifier {
  readonly certifier: Certifier;
  readonly norm: Norm;
  /**
   * Radius in units of the model's bounds, or a list for a curve. A certifier that finds radii is
   * called once: for a list, or with `Infinity` in it, for the largest radius of every example.
   */
  readonly epsilon: number | readonly number[];
  /** Name in tables and records. Default: the certifier's name. */
  readonly label?: string | undefined;
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

/** What an evaluation does, in order. */
export interface PlannedRuns {
  /** Attack by attack, epsilon ascending. */
  readonly runs: readonly Run[];
  /** Certifier by certifier, epsilon ascending. */
  readonly certificates: readonly CertificateRun[];
  /** Attack by attack, epsilon ascending. */
  readonly judgements: readonly Judgement[];
}

/** One run of a certifier on a batch. */
export interface CertificateBatch {
  readonly model: Classifier;
  readonly batch: Batch;
  readonly run: CertificateRun;
  readonly clean: CleanOutcome;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/** What an attack found on some rows of a batch. */
export interface AttackedRows {
  readonly run: Run;
  readonly batch: Batch;
  readonly rows: readonly number[];
  /** The rows alone. */
  readonly x: Tensor;
  readonly result: AttackResult;
}

/**
 * All that an evaluation does with certifiers. It is handed in, so that who evaluates without them
 * loads none of it.
 */
export interface Certificates {
  readonly labels: readonly string[];
  /** @throws AdvrobError `ADVROB_NORM`, `ADVROB_OPTION` for what cannot be certified. */
  runsOf(model: Classifier): CertificateRun[];
  /** Before any work. @throws AdvrobError what the certifiers throw for this model. */
  check(runs: readonly CertificateRun[], model: Classifier): Promise<void>;
  certify(work: CertificateBatch): Promise<CertificateOutcome>;
  /** @throws AdvrobError `ADVROB_CERTIFICATE_BROKEN` where one certifier contradicts another one. */
  checkAgreement(plan: PlannedRuns, outcome: BatchOutcome): void;
  /** @throws AdvrobError `ADVROB_CERTIFICATE_BROKEN` where an attack contradicts a certifier. */
  checkAttack(plan: PlannedRuns, outcome: BatchOutcome, attacked: AttackedRows): Promise<void>;
  /** Whether what is kept of run number `index` of the attacks contradicts a certificate in its norm. */
  isContradicted(plan: PlannedRuns, outcome: BatchOutcome, index: number): boolean;
  /** Whether run number `index` of the attacks cannot succeed at a row, as a certifier has shown. */
  isSpared(plan: PlannedRuns, outcome: BatchOutcome, index: number, row: number): boolean;
  /** The settings as JSON, for a comparison or for a record. */
  describe(runs: readonly CertificateRun[], describeOptions: (options: unknown) => Promise<Json>): Promise<Json[]>;
  summarize(
    plan: PlannedRuns,
    outcomes: readonly BatchOutcome[],
    /** Of {@link describe}. */
    settings: readonly Json[],
  ): Pick<ModelResult, 'certificates' | 'bounds'>;
  ofExample(
    plan: PlannedRuns,
    outcome: BatchOutcome,
    row: number,
    attacks: ExampleRecord['attacks'],
  ): NonNullable<ExampleRecord['certificates']>;
}
