import { AdvrobError, issuesInWords, type Json } from '@advrob/core';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { experimentOf, readSource, type OpenedExperiment, type Source } from './load.js';
import { identifier } from './part-schema.js';

const settings = z.record(z.string().min(1), z.json());

/** The config of `advrob sweep`, version 1. */
const sweepSchema = z
  .strictObject({
    version: z.literal(1).describe('of this format'),
    name: identifier,
    title: z.string().optional(),
    base: z.string().describe('the experiment that is varied, from the folder of this file'),
    set: settings.default({}).describe('what all arms have other than the experiment'),
    vary: z
      .record(z.string().min(1), z.array(z.json()).min(1))
      .default({})
      .describe('keys of the experiment, each with its values; every combination is an arm'),
    arms: z.array(settings).default([]).describe('arms that are no combination, each with its own keys'),
  })
  .refine(({ vary, arms }) => Object.keys(vary).length > 0 || arms.length > 0, {
    message: 'nothing is varied: expected `vary` or `arms`',
  });

/** A run of a sweep: the experiment with these values. */
export interface Arm {
  /** Folder of its run inside of the sweep's. */
  readonly name: string;
  readonly settings: Readonly<Record<string, Json>>;
  readonly opened: OpenedExperiment;
}

export interface Sweep {
  readonly name: string;
  readonly title: string;
  /** Folder of the experiment, from which its own paths are told. */
  readonly folder: string;
  readonly arms: readonly Arm[];
}

/** More arms are a mistake in a list, or the work of a program that starts `advrob run` itself. */
const mostArms = 10_000;

/**
 * Reads a sweep and the experiment of every arm, so that a mistake in the last one is found before
 * the first is trained.
 *
 * @throws AdvrobError `ADVROB_CONFIG` with the place of what is wrong, and the arm that has it.
 */
export async function openSweep(file: string, overrides: readonly string[] = []): Promise<Sweep> {
  const { name, title, base, set, vary, arms: singles } = await readSweep(file);
  const count = Object.values(vary).reduce((product, values) => product * values.length, 1) + singles.length;
  if (count > mostArms) throw new AdvrobError('ADVROB_CONFIG', `${file}: ${count} arms: expected at most ${mostArms}`);
  const experiment = resolve(dirname(file), base);
  const source = await readSource(experiment);
  const all = [...(Object.keys(vary).length > 0 ? combinations(vary) : []), ...singles];
  const arms: Arm[] = [];
  for (const own of all) {
    const armName = nameOf(own);
    const twin = arms.find((arm) => arm.name.toLowerCase() === armName.toLowerCase());
    if (twin)
      throw new AdvrobError(
        'ADVROB_CONFIG',
        `${file}: two arms are '${armName}': ${JSON.stringify(twin.settings)} and ${JSON.stringify(own)}`,
      );
    const given = Object.entries({ ...set, ...own }).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    arms.push({ name: armName, settings: own, opened: openArm(source, armName, [...given, ...overrides]) });
  }
  return { name, title: title ?? name, folder: dirname(experiment), arms };
}

function openArm(source: Source, name: string, overrides: readonly string[]): OpenedExperiment {
  try {
    return experimentOf(source, overrides);
  } catch (cause) {
    if (!(cause instanceof AdvrobError)) throw cause;
    throw new AdvrobError(cause.code, `arm ${name}: ${cause.message.replace(` [${cause.code}]`, '')}`, { cause });
  }
}

async function readSweep(file: string): Promise<z.infer<typeof sweepSchema>> {
  const { value, placeOf } = await readSource(file);
  const result = sweepSchema.safeParse(value);
  if (result.success) return result.data;
  const lines = issuesInWords(result.error.issues, value).map(({ path, words, unknownKeys }) => {
    const key = path.map(String).join('.') || 'the file';
    return `${placeOf(path)}: ${key}: ${unknownKeys ? `unknown key ${unknownKeys.join(', ')}` : words}`;
  });
  throw new AdvrobError('ADVROB_CONFIG', lines.join('\n'));
}

/** Every combination, the last key changing first. */
function combinations(vary: Readonly<Record<string, readonly Json[]>>): Record<string, Json>[] {
  return Object.entries(vary).reduce<Record<string, Json>[]>(
    (found, [key, values]) => found.flatMap((each) => values.map((value) => ({ ...each, [key]: value }))),
    [{}],
  );
}

/** `seed=0,threat.epsilon=0.1`, as a folder may be called everywhere; `base` for the experiment as it is. */
function nameOf(own: Readonly<Record<string, Json>>): string {
  const text = Object.entries(own)
    .map(([key, value]) => `${key}=${wordOf(value)}`)
    .join(',');
  return text.replace(/[^\w.,=+-]+/g, '-').slice(0, 120) || 'base';
}

/** A part by its name, so that trainers and attacks can be lists. */
function wordOf(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { name, id, trainer } = value as Record<string, Json>;
  const word = [trainer, name, id].find((each) => typeof each === 'string');
  return typeof word === 'string' ? word : JSON.stringify(value);
}
