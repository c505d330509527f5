import type { Classifier } from './model.js';
import type { Definition, Factory } from './options.js';

/** Raised when a change to these contracts breaks plugins built for an older one. */
export type ContractVersion = 1;

export interface ModelDefinition<I, O> extends Definition<I, O> {
  /** A freshly initialised model; the same seed gives the same weights. */
  create(options: O, seed: number): Classifier;
}
/** Makes an architecture: the seed of the initial weights comes after the options. */
export type ModelFactory<I> = Factory<I, (seed: number) => Classifier>;

/** What every factory looks like to a registry. */
export interface AnyFactory {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a registry holds factories of every option type; calls are typed by name
  (...options: any[]): unknown;
  readonly definition: Definition<unknown, unknown>;
}
type Parts = Readonly<Record<string, AnyFactory>>;

/** Named parts that extend advrob: a plain object. Importing a plugin registers nothing. */
export interface Plugin {
  /** The package's name. */
  readonly name: string;
  readonly version?: string;
  /** The contract version that the plugin was built for. */
  readonly contract: ContractVersion;
  readonly attacks?: Parts;
  readonly objectives?: Parts;
  readonly optimizers?: Parts;
  readonly transforms?: Parts;
  readonly averagers?: Parts;
  readonly augmentations?: Parts;
  readonly trainers?: Parts;
  readonly analyses?: Parts;
  readonly certifiers?: Parts;
  readonly datasets?: Parts;
  readonly models?: Parts;
}

export type PluginKind = Exclude<keyof Plugin, 'name' | 'version' | 'contract'>;
