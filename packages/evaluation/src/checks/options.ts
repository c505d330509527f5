import type { Attack, Classifier, Dataset, Norm, RunStorage } from '@advrob/core';

/** The attacks that the checks compare. All but the first may be left out: what needs them is then reported as untested. */
export interface CheckAttacks {
  /** A gradient attack of many steps, as the evaluation uses it, e.g. `pgd({ steps: 40 })`. */
  readonly iterative: Attack;
  /** The same with several times the steps. */
  readonly longer?: Attack;
  /** One step, e.g. `fgsm()`. */
  readonly singleStep?: Attack;
  /** An attack without gradients, e.g. `square({ queries: 1000 })`. */
  readonly blackBox?: Attack;
  /** A gradient attack of another kind, e.g. `fab()` or `apgdT()`. */
  readonly other?: Attack;
}

/** What `checkRobustness` looks at, and how closely. */
export interface RobustnessCheckOptions {
  readonly model: Classifier;
  /** The first `examples` of it are used. */
  readonly data: Dataset;
  /** The norm and radius of the claim. */
  readonly threat: { readonly norm: Norm; readonly epsilon: number };
  readonly attacks: CheckAttacks;
  /** Other models for the same data, by name: adversarial examples made on them are tried on this model. */
  readonly surrogates?: Readonly<Record<string, Classifier>>;
  /** Independent starts that are compared with one. Default 5. */
  readonly restarts?: number;
  /** Default 64. */
  readonly examples?: number;
  /** Default 64. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Keeps every measurement in `checks.jsonl`, so that a session that was killed goes on where it stopped. */
  readonly storage?: RunStorage;
  /** As for `evaluate`: needed with `storage` for a model without named weights. */
  readonly modelHash?: string;
  readonly signal?: AbortSignal;
  /** Before each measurement: what it is, and how many of them are done. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

export interface CheckProgress {
  /** E.g. `gradients`. */
  readonly measurement: string;
  readonly done: number;
  readonly total: number;
}
