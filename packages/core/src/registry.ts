import type { AnyFactory, Definition, Plugin, PluginKind } from './contract/index.js';
import { AdvrobError, didYouMean } from './errors.js';

/** The contract version of this core; plugins built for another are refused. */
export const contractVersion = 1;

/** All kinds of parts that a plugin may bring. */
export const pluginKinds = [
  'attacks',
  'objectives',
  'optimizers',
  'transforms',
  'averagers',
  'augmentations',
  'trainers',
  'analyses',
  'certifiers',
  'datasets',
  'models',
] as const satisfies readonly PluginKind[];

type Merge<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
type PartsIn<Q, K extends PluginKind> = Q extends { readonly [key in K]: infer A } ? A : never;
type PartsOf<P extends readonly Plugin[], K extends PluginKind> = Merge<PartsIn<P[number], K>>;
type NamesOf<P extends readonly Plugin[], K extends PluginKind> = keyof PartsOf<P, K> & string;
type Call<P extends readonly Plugin[], K extends PluginKind> = <N extends NamesOf<P, K>>(
  name: N,
  ...options: PartsOf<P, K>[N] extends AnyFactory ? Parameters<PartsOf<P, K>[N]> : never
) => PartsOf<P, K>[N] extends AnyFactory ? ReturnType<PartsOf<P, K>[N]> : never;

/** One line of {@link Registry.list}. */
export interface Listed {
  readonly kind: PluginKind;
  readonly name: string;
  /** The plugin that brought it. */
  readonly plugin: string;
  readonly definition: Definition<unknown, unknown>;
}

/** The parts of several plugins by name, typed from the plugins. */
export interface Registry<P extends readonly Plugin[] = readonly Plugin[]> {
  readonly plugins: P;
  /** @throws AdvrobError `ADVROB_UNKNOWN_NAME`, `ADVROB_OPTION` (so do all of these). */
  attack: Call<P, 'attacks'>;
  objective: Call<P, 'objectives'>;
  optimizer: Call<P, 'optimizers'>;
  transform: Call<P, 'transforms'>;
  averager: Call<P, 'averagers'>;
  augmentation: Call<P, 'augmentations'>;
  trainer: Call<P, 'trainers'>;
  analysis: Call<P, 'analyses'>;
  certifier: Call<P, 'certifiers'>;
  dataset: Call<P, 'datasets'>;
  model: Call<P, 'models'>;
  /** The factory behind a name that is known only at run time, e.g. from a config file. */
  find(kind: PluginKind, name: string): AnyFactory;
  /** Everything there is, or all of one kind, in order of registration. */
  list(kind?: PluginKind): Listed[];
}

/**
 * Composes plugins. Nothing is registered by importing; names and options of the result are typed
 * from the plugins given.
 *
 * @throws AdvrobError `ADVROB_CONTRACT_VERSION` for a plugin of another contract version,
 *   `ADVROB_NAME_COLLISION` when two bring the same name, `ADVROB_PLUGIN` for what is no plugin.
 * @example
 * ```ts
 * import { createRegistry } from '@advrob/core';
 * import attacks from '@advrob/attacks';
 * const pgd = createRegistry([attacks]).attack('pgd', { steps: 40 });
 * ```
 */
export function createRegistry<const P extends readonly Plugin[]>(plugins: P): Registry<P> {
  const parts = new Map<string, Listed & { factory: AnyFactory }>();
  for (const plugin of plugins) {
    if (typeof plugin?.name !== 'string')
      throw new AdvrobError(
        'ADVROB_PLUGIN',
        'expected a plugin { name, contract, attacks?, ... }; pass the default export of its package',
      );
    if (plugin.contract !== contractVersion)
      throw new AdvrobError(
        'ADVROB_CONTRACT_VERSION',
        `plugin ${plugin.name} was built for contract ${String(plugin.contract)}, this @advrob/core has contract ${contractVersion}: ` +
          `update ${Number(plugin.contract) > contractVersion ? '@advrob/core' : plugin.name}`,
      );
    for (const kind of pluginKinds)
      for (const [name, factory] of Object.entries(plugin[kind] ?? {})) {
        const key = `${kind}/${name}`;
        const taken = parts.get(key);
        if (taken)
          throw new AdvrobError(
            'ADVROB_NAME_COLLISION',
            `${taken.plugin} and ${plugin.name} both bring ${key}: leave one out or rename it`,
          );
        parts.set(key, { kind, name, plugin: plugin.name, definition: factory.definition, factory });
      }
  }

  const list = (kind?: PluginKind): Listed[] =>
    [...parts.values()].filter((part) => kind === undefined || part.kind === kind);

  const find = (kind: PluginKind, name: string): AnyFactory => {
    const part = parts.get(`${kind}/${name}`);
    if (part) return part.factory;
    const names = list(kind).map((other) => other.name);
    const known = `known: ${names.join(', ') || 'none; add a plugin that brings them'}`;
    throw new AdvrobError('ADVROB_UNKNOWN_NAME', `no '${name}' among the ${kind}: ${didYouMean(name, names, known)}`);
  };

  const call = (kind: PluginKind) => (name: string, options?: unknown) => find(kind, name)(options);
  return {
    plugins,
    find,
    list,
    attack: call('attacks'),
    objective: call('objectives'),
    optimizer: call('optimizers'),
    transform: call('transforms'),
    averager: call('averagers'),
    augmentation: call('augmentations'),
    trainer: call('trainers'),
    analysis: call('analyses'),
    certifier: call('certifiers'),
    dataset: call('datasets'),
    model: call('models'),
  } as unknown as Registry<P>;
}
