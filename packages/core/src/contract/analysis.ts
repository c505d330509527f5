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

/** What an analysis is given, as far as it is known before anything is computed. */
export type AnalysisSubject<Role extends string> = Pick<AnalysisContext<Role>, 'models' | 'data' | 'threat'>;

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
  /** As of its definition; `analyze` does it first. */
  check?(subject: AnalysisSubject<Role>): void;
  analyze(context: AnalysisContext<Role>): Promise<R>;
}

export interface AnalysisDefinition<I, O, Role extends string, R extends Json> extends Definition<I, O> {
  readonly roles: readonly Role[];
  /**
   * Throws for models, data or a threat that it cannot treat. Models may still have to be trained,
   * so that this is found before hours of work: it looks at shapes, names and numbers of classes,
   * and at `threat` or `data` where it needs them.
   */
  check?(subject: AnalysisSubject<Role>, options: O): void;
  analyze(context: AnalysisContext<Role>, options: O): Promise<R>;
}
export type AnalysisFactory<I, Role extends string = string, R extends Json = Json> = Factory<I, Analysis<Role, R>>;
