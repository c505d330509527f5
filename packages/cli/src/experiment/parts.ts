import {
  AdvrobError,
  didYouMean,
  optionJsonSchema,
  type Analysis,
  type Attack,
  type AttackLoss,
  type Augmentation,
  type AveragerBinding,
  type Certifier,
  type Classifier,
  type Objective,
  type OptimizerBinding,
  type PluginKind,
  type Registry,
  type Splits,
  type TrainingPlan,
  type WorkTransform,
} from '@advrob/core';
import { attackLosses } from '@advrob/core/losses';
import type { ModelReference, Part } from '../config/schema.js';
import { modelReference, part } from '../config/part-schema.js';
import type { ModelFinder } from './types.js';

/** What each kind of part becomes when its factory is called. */
interface Products {
  attacks: Attack;
  certifiers: Certifier;
  objectives: Objective;
  optimizers: OptimizerBinding;
  transforms: WorkTransform;
  averagers: AveragerBinding;
  augmentations: Augmentation;
  trainers: TrainingPlan;
  analyses: Analysis;
  datasets: Promise<Splits>;
  models: (seed: number) => Classifier;
}

/** Makes the part that a config names. */
export function makePart<K extends keyof Products & PluginKind>(
  registry: Registry,
  kind: K,
  { name, options }: Part,
): Products[K] {
  return registry.find(kind, name)(options) as Products[K];
}

/** A loss that attacks may ascend, by name. */
export function lossNamed(name: string): AttackLoss {
  const losses: Readonly<Record<string, AttackLoss>> = attackLosses;
  const loss = losses[name];
  if (loss) return loss;
  const names = Object.keys(losses);
  throw new AdvrobError('ADVROB_UNKNOWN_NAME', `no loss '${name}': ${didYouMean(name, names)}`);
}

/** What an option is that a config gives by name, and whether it must be given. */
interface MarkedOption {
  readonly what: string;
  readonly isNeeded: boolean;
}

/**
 * The options of a part that are themselves models, attacks or data sets. They say so by `advrob:
 * 'model'` and so on in their JSON Schema (with zod: `.meta({ advrob: 'model' })`).
 */
export function markedOptions(registry: Registry, kind: PluginKind, name: string): Map<string, MarkedOption> {
  const schema = optionJsonSchema(registry.find(kind, name).definition.options);
  const properties = (schema['properties'] ?? {}) as Record<string, { advrob?: unknown }>;
  const required = (schema['required'] ?? []) as string[];
  const marked = new Map<string, MarkedOption>();
  for (const [key, { advrob }] of Object.entries(properties))
    if (typeof advrob === 'string') marked.set(key, { what: advrob, isNeeded: required.includes(key) });
  return marked;
}

/** The options of a part that are models, as the config names them. */
export function modelOptions(registry: Registry, kind: PluginKind, { name, options }: Part): ModelReference[] {
  const marked = markedOptions(registry, kind, name);
  return Object.entries(options).flatMap(([key, value]) => {
    const reference = modelReference.safeParse(value);
    return marked.get(key)?.what === 'model' && reference.success ? [reference.data] : [];
  });
}

/**
 * Makes a part whose options may themselves be models or attacks: a config names a model, or an
 * attack as { name, options }.
 *
 * @throws AdvrobError as the part's factory does; `ADVROB_OPTION` for what names no model or
 *   attack.
 */
export async function makeComposed<K extends keyof Products & PluginKind>(
  registry: Registry,
  kind: K,
  { name, options }: Part,
  find: ModelFinder,
): Promise<Products[K]> {
  const marked = markedOptions(registry, kind, name);
  const resolved: Record<string, unknown> = { ...options };
  const who = `${kind === 'analyses' ? 'analysis' : kind.replace(/s$/, '')} '${name}'`;
  checkGiven(who, marked, options);
  for (const [key, value] of Object.entries(options)) {
    const where = `${who}: ${key}`;
    const what = marked.get(key)?.what;
    if (what === 'model') resolved[key] = await modelOf(value, where, find);
    else if (what === 'attack') resolved[key] = await attackOf(value, where, registry, find);
  }
  return makePart(registry, kind, { name, options: resolved });
}

const wordsFor: Readonly<Record<string, string>> = {
  model: 'the id of a model, or a file',
  attack: 'the name of an attack, or { name, options }',
};

/**
 * What models and attacks say themselves when they are missing speaks of objects, which a config
 * has none of.
 */
function checkGiven(who: string, marked: ReadonlyMap<string, MarkedOption>, options: Part['options']): void {
  const missing = [...marked].flatMap(([key, { what, isNeeded }]) =>
    what in wordsFor && isNeeded && !(key in options) ? [`${key} (${wordsFor[what]})`] : [],
  );
  if (missing.length > 0)
    throw new AdvrobError(
      'ADVROB_OPTION',
      `${who} needs the options ${missing.join(' and ')}; on the command line with --set`,
    );
}

async function modelOf(value: unknown, where: string, find: ModelFinder): Promise<Classifier> {
  const reference = modelReference.safeParse(value);
  if (reference.success) return find(reference.data);
  throw new AdvrobError(
    'ADVROB_OPTION',
    `${where}: expected the id of a model, a file, or { weights, architecture }, got ${JSON.stringify(value)}`,
  );
}

async function attackOf(value: unknown, where: string, registry: Registry, find: ModelFinder): Promise<Attack> {
  const attack = part.safeParse(value);
  if (attack.success) return makeComposed(registry, 'attacks', attack.data, find);
  throw new AdvrobError(
    'ADVROB_OPTION',
    `${where}: expected the name of an attack, or { name, options }, got ${JSON.stringify(value)}`,
  );
}
