import { Tensor } from '@tensorflow/tfjs-core';
import type { Classifier, Json } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { sha256 } from '../sha256.js';
import { hashModel, hashTensors } from './hash.js';

/** How values that JSON lacks are described. */
interface Naming {
  readonly model: (model: Classifier) => Promise<Json>;
  /** Whether the description decides if two settings are the same. */
  readonly isComparison: boolean;
}

/**
 * Settings as JSON for records: attacks by name and options, models by the SHA-256 of their
 * weights (null for one without any), functions by name, binary arrays as lists.
 */
export function describeValue(value: unknown): Promise<Json> {
  return describeWith(value, { model: async (model) => (await hashModel(model)) ?? null, isComparison: false });
}

export async function describeWith(value: unknown, naming: Naming): Promise<Json> {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function') return describeFunction(value as { readonly name: string }, naming);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, finite);
  if (typeof value !== 'object') return String(value);
  const inner = (part: unknown): Promise<Json> => describeWith(part, naming);
  if (Array.isArray(value)) return all(value, inner);
  if (value instanceof Tensor) return { tensor: await hashTensors({ value }) };
  if (value instanceof Map || value instanceof Set) return all([...value], inner);
  if (isClassifier(value)) return describeModel(value, naming);
  if ('definition' in value && 'options' in value && 'name' in value)
    return describeAttack(value as Described, naming, inner);
  if ('toJSON' in value && typeof value.toJSON === 'function') return inner(value.toJSON());
  const parts = Object.entries(value).filter(([, part]) => part !== undefined);
  const described = await all(parts, ([, part]) => inner(part));
  return Object.fromEntries(parts.map(([key], i) => [key, described[i]!]));
}

/** One after another: a model among them reads tensors. */
async function all<T>(values: readonly T[], describe: (value: T) => Promise<Json>): Promise<Json[]> {
  const described: Json[] = [];
  for (const value of values) described.push(await describe(value));
  return described;
}

function finite(value: number | bigint): Json {
  return typeof value === 'number' && Number.isFinite(value) ? value : String(value);
}

/** Two functions of one name are told apart by their source; what they close over is not seen. */
async function describeFunction(value: { readonly name: string }, { isComparison }: Naming): Promise<Json> {
  const source = isComparison ? ` ${sha256(String(value)).slice(0, 16)}` : '';
  return `function ${value.name}${source}`;
}

interface Described {
  readonly name: string;
  readonly definition: { readonly perturb?: unknown };
  readonly options: unknown;
}

/** Whoever edits the code of an attack has another one, though name and options are the same. */
async function describeAttack(
  { name, definition, options }: Described,
  { isComparison }: Naming,
  inner: (part: unknown) => Promise<Json>,
): Promise<Json> {
  const code = isComparison && definition.perturb !== undefined;
  return {
    attack: name,
    options: await inner(options),
    ...(code && { code: await inner(definition.perturb) }),
  };
}

async function describeModel(value: Classifier, { model, isComparison }: Naming): Promise<Json> {
  if (isComparison && (await hashModel(value)) === undefined)
    throw new AdvrobError(
      'ADVROB_OPTION',
      'an attack has an option that is a model without named weights, so a later session could not tell it from another: give a model with named weights, or no storage',
    );
  return { model: await model(value) };
}

function isClassifier(value: object): value is Classifier {
  return 'logits' in value && typeof value.logits === 'function' && 'weights' in value && 'numClasses' in value;
}

/** Below this key, entries more are no difference: what they bring has names of its own. */
const growing = 'plugins';
/** Of what a model answers; it differs whenever anything else of the model does. */
const canary = 'canary';

/**
 * Where two JSON values differ, each place in words with both values: `data.length was 7, is 6`.
 * Of identities of two formats that alone is said, and of a model its canary only when nothing else
 * explains it. A plugin more is no difference.
 */
export function differencesOf(before: Json | undefined, after: Json | undefined, path = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isContainer(before) || !isContainer(after))
    return [`${path === '' ? 'format' : path} was ${short(before)}, is ${short(after)}`];
  const inner = (key: string): string[] => differencesOf(before[key], after[key], path === '' ? key : `${path}.${key}`);
  if (path === '' && before['format'] !== after['format']) return inner('format');
  const isGrowing = path.split('.').at(-1) === growing;
  const keys = isGrowing ? Object.keys(before) : [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const named = keys.filter((key) => key !== canary).flatMap(inner);
  const answersAreSame = differencesOf(before[canary], after[canary]).length === 0;
  return named.length > 0 || answersAreSame ? named : [answersDiffer(path, before[canary], after[canary])];
}

function answersDiffer(path: string, before: Json | undefined, after: Json | undefined): string {
  const [was, is] = [short(before), short(after)];
  return `${path === '' ? 'the model' : path} has the same weights but answers the same inputs otherwise (hash of scores and input gradient was ${was}, is ${is}): there is other code, normalisation or topology around them, or another processor`;
}

function isContainer(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}

function short(value: Json | undefined): string {
  const text = value === undefined ? 'not there' : JSON.stringify(value);
  return text.length > 70 ? `${text.slice(0, 67)}...` : text;
}
