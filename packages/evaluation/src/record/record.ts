import { AdvrobError, issuesInLine } from '@advrob/core';
import * as z from 'zod';
import { analysisResult } from './analysis-result.js';
import { proportion } from '../statistics/proportion.js';
import { modelResult } from './model-result.js';
import { dataDescription, floatCount, norm, readJson, type DataDescription } from './shared.js';
import { trainingResult } from './training.js';

/** The outcome of one check, in words that a reader without background understands. */
export const robustnessCheck = z.strictObject({
  /** E.g. `vanishing-gradients`. */
  name: z.string(),
  /**
   * `cause`: something in the model that makes attacks fail. `symptom`: results that only such a
   * thing, or too weak an attack, explains.
   */
  kind: z.enum(['cause', 'symptom']),
  /**
   * `none`: looked for and not found. `untested`: what it takes was not given, or another finding
   * comes first.
   */
  severity: z.enum(['serious', 'warning', 'none', 'untested']),
  /** What was measured; null where it was not. */
  value: z.number().nullable(),
  /** The value at which the check speaks up; null where there is none. */
  threshold: z.number().nullable(),
  /** What was asked, e.g. `Do gradients vanish?` */
  question: z.string(),
  /** What was measured, with its unit. */
  measured: z.string(),
  /** What a finding means for the numbers, and what to do. */
  meaning: z.string(),
  /**
   * The attack that was compared with that of the claim, and the share of the examples looked at
   * that are classified rightly and withstand both; left out where none was compared.
   */
  attack: z.strictObject({ name: z.string(), norm, epsilon: z.number().min(0), robust: proportion }).optional(),
});
export type RobustnessCheck = z.infer<typeof robustnessCheck>;

/** Name of the file that holds a record. */
export const recordName = 'record.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const environment = z.strictObject({
  /** tfjs backend, e.g. `onnxruntime`. */
  backend: z.string(),
  /** E.g. `node 20.20.2`. */
  runtime: z.string(),
  /** E.g. `linux x64`. */
  platform: z.string(),
  /** Processor name and cores; left out in a browser. */
  cpu: z.string().optional(),
  /** Package versions by name. */
  versions: z.record(z.string(), z.string()),
});

const model = modelResult.extend({
  /** What the model is, in a few words. */
  description: z.string().optional(),
  /** Words that stand beside its numbers, e.g. `undertrained at this budget`. */
  note: z.string().optional(),
  architecture: z.strictObject({ name: z.string(), options: z.json(), parameters: z.int().min(0) }).optional(),
  training: trainingResult.optional(),
});

const { kind, severity, value, threshold, question, measured, meaning, attack } = robustnessCheck.partial().shape;

/**
 * The outcome of a check of a model, e.g. for gradient masking. Checks of other packages may have
 * further fields, and fewer of these.
 */
const check = z.looseObject({
  name: z.string(),
  model: z.string(),
  kind,
  severity,
  value,
  threshold,
  question,
  measured,
  meaning,
  attack,
});

/** What speaks against the numbers of a record without being an error. */
const recordWarning = z.strictObject({
  /** Left out where it is about the data or all models. */
  model: z.string().optional(),
  /** A sentence: what was seen, what it means for the numbers, what to do. */
  message: z.string(),
});
export type RecordWarning = z.infer<typeof recordWarning>;

/**
 * `record.json`: everything that a report needs, and what it takes to get the same numbers again.
 */
export const runRecord = z.strictObject({
  format: z.literal('advrob-record'),
  version: z.literal(1),
  title: z.string(),
  /** The command that gives this record, as it is typed; null when it came about in code. */
  command: z.string().nullable(),
  /** The resolved settings. */
  config: z.json(),
  environment,
  seeds: z.record(z.string(), z.int().min(0)),
  /** What the models were measured on; left out where none was measured. */
  data: dataDescription.optional(),
  /** The models that were measured. */
  models: z.array(model),
  checks: z.array(check),
  /**
   * Of data that tell too little, radii that reach every input, models whose gradients are wrong,
   * estimated or could not be checked; in the order in which they were found.
   */
  warnings: z.array(recordWarning).default([]),
  /** What analyses found, in the order of the config. */
  analyses: z.array(analysisResult).default([]),
  /** Times, and nothing else that differs between two runs of the same settings. */
  timing: z.json(),
  /** What finds damage; left out of a record that is no file of a finished run. */
  integrity: z
    .strictObject({
      /** SHA-256 of the other files of the run, by their paths in its folder; none while it goes on. */
      files: z.record(z.string(), sha256),
      /** SHA-256 of this file, its own 64 digits taken as zeros. */
      sha256,
    })
    .optional(),
});
export type RunRecord = z.infer<typeof runRecord>;
export type RecordedModel = RunRecord['models'][number];

/** Checks of a model as a record holds them. */
export function recordChecks(model: string, checks: readonly RobustnessCheck[]): RunRecord['checks'] {
  return checks.map((one) => ({ model, ...one }));
}

/** What a record is made from; the rest is filled in. */
export type RecordParts = Omit<RunRecord, 'format' | 'version' | 'checks' | 'warnings' | 'analyses' | 'integrity'> &
  Partial<Pick<RunRecord, 'checks' | 'warnings' | 'analyses'>>;

/**
 * Makes a record and checks it against its schema.
 *
 * @throws AdvrobError `ADVROB_RECORD` naming what does not fit, or two models or analyses of one
 *   name.
 */
export function createRecord(parts: RecordParts): RunRecord {
  return checkRecord({ format: 'advrob-record', version: 1, checks: [], warnings: [], analyses: [], ...parts });
}

/** JSON of a record, indented; equal records give equal bytes. */
export function serializeRecord(record: RunRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/**
 * Reads a record.
 *
 * @throws AdvrobError `ADVROB_RECORD` when it is not JSON, not a record, or of another version.
 */
export function parseRecord(text: string): RunRecord {
  return checkRecord(readJson('record', text));
}

/**
 * A record without its times, and without hashes of files that hold times: equal for two runs of
 * the same settings on the same machine.
 */
export function withoutTiming(record: RunRecord): Omit<RunRecord, 'timing' | 'integrity'> {
  const { timing: _, integrity: _hashes, ...rest } = record;
  return rest;
}

/** The JSON Schema of `record.json`. */
export function recordJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(runRecord, { target: 'draft-2020-12', io: 'input' });
}

function checkRecord(value: unknown): RunRecord {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== 1)
    throw new AdvrobError('ADVROB_RECORD', `the record has version ${version}; this advrob reads version 1: update it`);
  const parsed = runRecord.safeParse(value);
  if (!parsed.success)
    throw new AdvrobError('ADVROB_RECORD', `not a record: ${issuesInLine(parsed.error.issues, value)}`);
  const { models, analyses, data } = parsed.data;
  checkNames(
    'models',
    models.map(({ name }) => name),
  );
  checkNames(
    'analyses',
    analyses.map(({ id }) => id),
  );
  if (models.length === 0 && analyses.length === 0)
    throw new AdvrobError('ADVROB_RECORD', 'the record holds no model and no analysis: expected at least one of them');
  if (models.length > 0 && data === undefined)
    throw new AdvrobError('ADVROB_RECORD', 'the record holds models but not what they were measured on (data)');
  if (data) checkPictures(models, data);
  return parsed.data;
}

/** A picture of another size than that of the data would be drawn by the size that is claimed. */
function checkPictures(models: readonly RecordedModel[], { inputShape }: DataDescription): void {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  for (const { name, samples } of models)
    for (const { index, clean, attacked } of samples)
      for (const { image } of [clean, ...attacked])
        if (floatCount(image) !== size)
          throw new AdvrobError(
            'ADVROB_RECORD',
            `example ${index} of '${name}' has ${floatCount(image)} values: expected ${size}, as its data have shape [${inputShape.join(', ')}]`,
          );
}

function checkNames(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  const twice = names.find((name) => seen.has(name) || !seen.add(name));
  if (twice !== undefined)
    throw new AdvrobError('ADVROB_RECORD', `two ${what} of the record are called '${twice}': give each its own name`);
}

/**
 * What the models of a record were measured on.
 *
 * @throws AdvrobError `ADVROB_RECORD` for a record of analyses alone.
 */
export function measuredData({ title, data }: RunRecord): DataDescription {
  if (data) return data;
  throw new AdvrobError('ADVROB_RECORD', `'${title}' is a record of analyses alone: no model of it was measured`);
}
