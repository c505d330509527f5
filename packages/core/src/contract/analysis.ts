import type { Dataset } from './dataset.js';
import type { Classifier } from './model.js';
import type { Definition, Factory } from './options.js';
import type { Random } from './random.js';
import type { ThreatModel } from './threat.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface AnalysisContext<Role extends string> {
  readonly models: Readonly<Record<Role, Classifier>>;
  readonly data: Dataset;
  readonly threat: ThreatModel;
  readonly rng: Random;
  readonly signal?: AbortSignal | undefined;
  /** Computes a part once: a resumed run takes it from the record. */
  memo<T extends Json>(key: string, compute: () => Promise<T>): Promise<T>;
}

/**
 * An analysis with its options: takes models in the roles it declares, returns plain JSON.
 * Rendering is the report's, which shows what stands under the keys of `Findings`
 * (`@advrob/core/figure`).
 */
export interface Analysis<Role extends string = string, R extends Json = Json> {
  readonly name: string;
  /** What `defineAnalysis` made it from. */
  readonly definition?: Definition;
  /** The validated options. */
  readonly options?: unknown;
  readonly roles: readonly Role[];
  analyze(context: AnalysisContext<Role>): Promise<R>;
}

export interface AnalysisDefinition<I, O, Role extends string, R extends Json> extends Definition<I, O> {
  readonly roles: readonly Role[];
  analyze(context: AnalysisContext<Role>, options: O): Promise<R>;
}
export type AnalysisFactory<I, Role extends string = string, R extends Json = Json> = Factory<I, Analysis<Role, R>>;
