import { AdvrobError, didYouMean, issuesInWords, type OptionIssue } from '@advrob/core';
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { isNode, type Document } from 'yaml';
import { infinite } from './part-schema.js';
import { experimentJsonSchema, experimentSchema, type Experiment } from './schema.js';
import { parseSetting } from './settings.js';
import { readYaml } from './yaml-text.js';

/** A config with the places of its keys, where they are known. */
export interface Source {
  readonly value: unknown;
  /** `file:line:column` of the value at a path, or of its nearest parent. */
  placeOf(path: readonly PropertyKey[]): string;
}

/**
 * Reads `experiment.yaml`, `.json` or `.ts`/`.js`/`.mjs`, applies `--set key=value` overrides
 * (dotted paths) and checks it.
 *
 * @throws AdvrobError `ADVROB_CONFIG` with the place of every wrong key and what is allowed there.
 */
export async function openExperiment(file: string, overrides: readonly string[] = []): Promise<OpenedExperiment> {
  return experimentOf(await readSource(file), overrides);
}

/** {@link openExperiment} of a config that was read. */
export function experimentOf({ value, placeOf }: Source, overrides: readonly string[]): OpenedExperiment {
  const changed = overrides.reduce((config, text) => override(config, text), value);
  return { experiment: parseExperiment(changed, placeOf), placeOf };
}

/** {@link openExperiment} without the places. */
export async function loadExperiment(file: string, overrides: readonly string[] = []): Promise<Experiment> {
  return (await openExperiment(file, overrides)).experiment;
}

/** A config that was read, and where its values stand. */
export interface OpenedExperiment extends Pick<Source, 'placeOf'> {
  readonly experiment: Experiment;
}

/**
 * Checks a config and fills in its defaults.
 *
 * @param placeOf - Where the value at a path stands, to begin the lines of messages. Default: nowhere.
 * @throws AdvrobError `ADVROB_CONFIG` with a line for every mistake.
 */
export function parseExperiment(value: unknown, placeOf?: Source['placeOf']): Experiment {
  const given = withoutInfinity(value);
  const result = experimentSchema.safeParse(given);
  if (result.success) return result.data;
  const problems = issuesInWords(result.error.issues, given).flatMap((issue) => describeIssue(issue, placeOf));
  throw new AdvrobError('ADVROB_CONFIG', problems.join('\n'));
}

/**
 * Infinity (`.inf` in YAML) as the word that the schema has for it: JSON cannot hold the number,
 * and the config is saved as JSON.
 */
function withoutInfinity(value: unknown): unknown {
  if (value === Infinity) return infinite;
  if (Array.isArray(value)) return value.map(withoutInfinity);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutInfinity(inner)]));
}

/** One line per mistake: where, what, and what is allowed. */
function describeIssue({ path, words, unknownKeys }: OptionIssue, placeOf?: Source['placeOf']): string[] {
  const line = (at: readonly PropertyKey[], says: string): string => {
    const place = placeOf === undefined ? '' : `${placeOf(at)}: `;
    return `${place}${at.map(String).join('.') || 'the file'}: ${says}`;
  };
  if (unknownKeys === undefined) return [line(path, words)];
  return unknownKeys.map((key) => line([...path, key], `unknown key; ${didYouMean(key, keysAt(path))}`));
}

/** Reads a config of any kind, unchecked. @throws AdvrobError `ADVROB_CONFIG`. */
export async function readSource(file: string): Promise<Source> {
  if (['.ts', '.mts', '.js', '.mjs'].includes(extname(file))) {
    return { value: await importConfig(file), placeOf: () => file };
  }
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AdvrobError('ADVROB_CONFIG', `cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  const { value, document, at } = readYaml(text, file, 'ADVROB_CONFIG');
  return { value, placeOf: (path) => at(offsetOf(document, path)) };
}

/**
 * The default export of a program. It is compiled anew each time: a cache in a folder that others
 * write to would run what they put there.
 */
async function importConfig(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  try {
    return await createJiti(import.meta.url, { fsCache: false }).import(resolve(file), { default: true });
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    throw new AdvrobError('ADVROB_CONFIG', `cannot run ${file}: ${(cause as Error).message ?? String(cause)}`, {
      cause,
    });
  }
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** A copy of the config with the value at a dotted path replaced. */
function override(config: unknown, text: string): unknown {
  const { owner, key, value } = parseSetting(text);
  const path = [...(owner === undefined ? [] : owner.split('.')), key];
  const replace = (node: unknown, [step, ...rest]: string[]): unknown => {
    if (step === undefined) return value;
    if (Array.isArray(node)) {
      const index = /^\d+$/.test(step)
        ? Number(step)
        : node.findIndex((each: { id?: unknown; name?: unknown }) => each.id === step || each.name === step);
      if (!(index in node))
        throw new AdvrobError('ADVROB_USAGE', `--set ${text}: no entry '${step}' in a list of ${node.length}`);
      return node.map((each: unknown, i) => (i === index ? replace(each, rest) : each));
    }
    const record = (typeof node === 'object' && node !== null ? node : {}) as Record<string, unknown>;
    return { ...record, [step]: replace(record[step], rest) };
  };
  return replace(config, path);
}

type Schema = Readonly<Record<string, unknown>>;

/** The keys that a config may have at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schemas: Schema[] = [experimentJsonSchema()];
  for (const step of path) schemas = schemas.flatMap(alternatives).flatMap((schema) => inner(schema, step));
  return [
    ...new Set(schemas.flatMap(alternatives).flatMap((schema) => Object.keys((schema['properties'] ?? {}) as object))),
  ];
}

function alternatives(schema: Schema): Schema[] {
  const either = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  return either ? either.flatMap(alternatives) : [schema];
}

function inner(schema: Schema, step: PropertyKey): Schema[] {
  if (typeof step === 'number') return schema['items'] ? [schema['items'] as Schema] : [];
  const property = (schema['properties'] as Record<string, Schema> | undefined)?.[String(step)];
  if (property) return [property];
  return typeof schema['additionalProperties'] === 'object' ? [schema['additionalProperties'] as Schema] : [];
}
