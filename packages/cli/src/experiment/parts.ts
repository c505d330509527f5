import type {
  Analysis,
  Attack,
  AttackLoss,
  Augmentation,
  AveragerBinding,
  Classifier,
  Objective,
  OptimizerBinding,
  PluginKind,
  Registry,
  Splits,
  TrainingPlan,
  WorkTransform,
} from '@advrob/core';
import { AdvrobError, nearNames, optionJsonSchema } from '@advrob/core';
import { attackLosses } from '@advrob/core/losses';
import type { ModelReference, Part } from '../config/schema.js';
import { modelReference, part } from '../config/part-schema.js';
import type { ModelFinder } from './types.js';

/** What each kind of part becomes when its factory is called. */
interface Products {
  attacks: Attack;
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
  const near = nearNames(name, Object.keys(losses));
  throw new AdvrobError(
    'ADVROB_UNKNOWN_NAME',
    `no loss '${name}': ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known: ${Object.keys(losses).join(', ')}`}`,
  );
}

/** The options of a part that are models, as the config names them. */
export function modelOptions(registry: Registry, kind: PluginKind, { name, options }: Part): ModelReference[] {
  const schema = optionJsonSchema(registry.find(kind, name).definition.options);
  const properties = (schema['properties'] ?? {}) as Record<string, { advrob?: unknown }>;
  return Object.entries(options).flatMap(([key, value]) => {
    const reference = modelReference.safeParse(value);
    return properties[key]?.advrob === 'model' && reference.success ? [reference.data] : [];
  });
}

/**
 * Makes a part whose options may themselves be models or attacks: an option says so by `advrob: 'model'` or `advrob: 'attack'` in its JSON Schema (with zod:
 * `.meta({ advrob: 'model' })`), and a config then names a model, or an attack as { name, options }.
 *
 * @throws AdvrobError as the part's factory does; `ADVROB_OPTION` for what names no model or attack.
 */
export async function makeComposed<K extends keyof Products & PluginKind>(
  registry: Registry,
  kind: K,
  { name, options }: Part,
  find: ModelFinder,
): Promise<Products[K]> {
  const schema = optionJsonSchema(registry.find(kind, name).definition.options);
  const properties = (schema['properties'] ?? {}) as Record<string, { advrob?: unknown }>;
  const resolved: Record<string, unknown> = { ...options };
  const who = `${kind === 'analyses' ? 'analysis' : kind.replace(/s$/, '')} '${name}'`;
  checkGiven(who, schema, options);
  for (const [key, value] of Object.entries(options)) {
    const where = `${who}: ${key}`;
    const what = properties[key]?.advrob;
    if (what === 'model') resolved[key] = await modelOf(value, where, find);
    else if (what === 'attack') resolved[key] = await attackOf(value, where, registry, find);
  }
  return makePart(registry, kind, { name, options: resolved });
}

/** Options of the kinds above that must be given: their own words for it speak of objects, which a config has none of. */
function checkGiven(who: string, schema: Record<string, unknown>, options: Part['options']): void {
  const properties = (schema['properties'] ?? {}) as Record<string, { advrob?: unknown }>;
  const missing = Object.entries(properties).flatMap(([key, { advrob }]) => {
    const words = { model: 'the id of a model, or a file', attack: 'the name of an attack, or { name, options }' }[
      String(advrob)
    ];
    const isNeeded = ((schema['required'] ?? []) as string[]).includes(key);
    return words !== undefined && isNeeded && !(key in options) ? [`${key} (${words})`] : [];
  });
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
