import type { Attack, Classifier, Dataset, Json, Norm, RunStorage } from '@advrob/core';

/**
 * The attacks that the checks compare. All but the first may be left out: what needs them is then
 * reported as untested.
 */
export interface CheckAttacks {
  /** A gradient attack of many steps, as the evaluation uses it, e.g. `pgd({ steps: 40 })`. */
  readonly iterative: Attack;
  /** The same with several times the steps. */
  readonly longer?: Attack | undefined;
  /** One step, e.g. `fgsm()`. */
  readonly singleStep?: Attack | undefined;
  /** An attack without gradients, e.g. `square({ queries: 1000 })`. */
  readonly blackBox?: Attack | undefined;
  /** A gradient attack of another kind, e.g. `fab()` or `apgdT()`. */
  readonly other?: Attack | undefined;
}

/** What `checkRobustness` looks at, and how closely. */
export interface RobustnessCheckOptions {
  readonly model: Classifier;
  /** The first `examples` of it are used. */
  readonly data: Dataset;
  /** The norm and radius of the claim. */
  readonly threat: { readonly norm: Norm; readonly epsilon: number };
  readonly attacks: CheckAttacks;
  /**
   * Other models for the same data, by name: adversarial examples made on them are tried on this
   * model.
   */
  readonly surrogates?: Readonly<Record<string, Classifier>> | undefined;
  /** Independent starts that are compared with one. Default 5. */
  readonly restarts?: number | undefined;
  /** Default 64. */
  readonly examples?: number | undefined;
  /** Default 64. */
  readonly batchSize?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * Keeps every measurement in `checks.jsonl`, so that a session that was killed goes on where it
   * stopped, and one with another attack or surrogate makes anew what looks at these alone.
   */
  readonly storage?: RunStorage | undefined;
  /** As for `evaluate`: needed with `storage` for a model without named weights. */
  readonly modelHash?: string | undefined;
  /** As for `evaluate`: what else the results depend on, such as versions of packages. */
  readonly config?: Json | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Before each measurement and at every step of it: what it is, and how much is done. */
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
}

export interface CheckProgress {
  /** E.g. `gradients`. */
  readonly measurement: string;
  /** Measurements that are done, and all of them. */
  readonly done: number;
  readonly total: number;
  /** Share of the work that is done, 0 to 1, by the time that it takes. */
  readonly fraction: number;
  /** Seconds of work left; undefined before that is known. */
  readonly secondsLeft?: number;
}

/** The options with what they leave out. */
export function withDefaults(options: RobustnessCheckOptions) {
  const { surrogates = {}, restarts = 5, examples = 64, batchSize = 64, seed = 0 } = options;
  return { ...options, surrogates, restarts, examples, batchSize, seed };
}
export type CompleteOptions = ReturnType<typeof withDefaults>;

/** The attacks that were given, the iterative one first. */
export function attacksOf({ iterative, longer, singleStep, blackBox, other }: CheckAttacks): readonly Attack[] {
  return [iterative, longer, singleStep, blackBox, other].filter((attack) => attack !== undefined);
}
