import * as z from 'zod';
import { robustnessCheck, type RobustnessCheck } from '../checks/robustness-check.js';
import { analysisResult } from './analysis-result.js';
import { dataDescription } from './data-description.js';
import { modelResult } from './model-result.js';
import { trainingResult } from './training-result.js';

/** Name of the file that holds a record. */
export const recordName = 'record.json';

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

const { kind, severity, value, threshold, question, measured, meaning } = robustnessCheck.partial().shape;

/** The outcome of a check of a model, e.g. for gradient masking. Checks of other packages may have further fields, and fewer of these. */
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
});

/** `record.json`: everything that a report needs, and what it takes to get the same numbers again. */
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
  /** What analyses found, in the order of the config. */
  analyses: z.array(analysisResult).default([]),
  /** Times, and nothing else that differs between two runs of the same settings. */
  timing: z.json(),
});
export type RunRecord = z.infer<typeof runRecord>;
export type RecordedModel = RunRecord['models'][number];

/** Checks of a model as a record holds them. */
export function recordChecks(model: string, checks: readonly RobustnessCheck[]): RunRecord['checks'] {
  return checks.map((one) => ({ model, ...one }));
}
