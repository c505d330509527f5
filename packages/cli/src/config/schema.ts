import * as z from 'zod';
import { backendNames } from '../backend/select.js';
import { analysis } from './analysis-schema.js';
import { evaluation } from './evaluation-schema.js';
import {
  identifier,
  infinite,
  modelCheck,
  modelInput,
  modelOutputs,
  onnxSettings,
  part,
  threat,
} from './part-schema.js';
import { training } from './training-schema.js';

export type { AnalysedModel, AnalysisSettings } from './analysis-schema.js';
export type { ModelCheckSetting, ModelReference, Part } from './part-schema.js';
export type { TrainingSettings } from './training-schema.js';

const model = z.strictObject({
  id: identifier,
  architecture: part.optional().describe("default: the experiment's"),
  weights: z
    .string()
    .optional()
    .describe('a safetensors or ONNX file, or a folder with model.json, instead of training'),
  outputs: modelOutputs.optional(),
  input: modelInput.optional(),
  onnx: onnxSettings.optional(),
  train: training.optional().describe("laid over the experiment's training"),
});

/** The config of `advrob run`, version 1. */
export const experimentSchema = z
  .strictObject({
    version: z.literal(1).describe('of this format'),
    $schema: z.string().optional(),
    name: identifier,
    title: z.string().optional(),
    seed: z.int().min(0).default(0),
    backend: z
      .strictObject({
        name: z.enum(backendNames).optional().describe('default: the fastest that works'),
        threads: z.int().positive().optional(),
        deterministic: z.boolean().default(true).describe('the same program gives the same bits'),
      })
      .prefault({}),
    plugins: z.array(z.string()).default([]).describe('packages, or files that start with ./'),
    dataset: part.optional().describe('what models are trained, measured and analysed on'),
    threat: threat.optional().describe('needed wherever models are trained or measured'),
    architecture: part.optional(),
    training: training.optional().describe('what all models share'),
    models: z.array(model).default([]),
    modelCheck: modelCheck.default('stop'),
    evaluation: evaluation.optional().describe('how models are measured; default: they are not'),
    analyses: z
      .array(analysis)
      .default([])
      .describe('what else is looked at, after all models are trained and measured'),
  })
  .superRefine(({ dataset, threat, models, evaluation, analyses }, context) => {
    const missing = (key: string, why: string): void =>
      context.addIssue({ code: 'custom', path: [key], message: `missing: ${why}` });
    if (evaluation === undefined && analyses.length === 0)
      missing('evaluation', 'there is nothing to do without an evaluation or analyses');
    if (evaluation !== undefined && models.length === 0) missing('models', 'the evaluation needs at least one');
    if (models.length > 0 && dataset === undefined) missing('dataset', 'models need data');
    if (models.length > 0 && threat === undefined) missing('threat', 'models are trained and measured against one');
    const ids = models.map(({ id }) => id);
    ids.forEach((id, i) => {
      if (ids.indexOf(id) < i)
        context.addIssue({ code: 'custom', path: ['models', i, 'id'], message: `there is a model '${id}' above` });
    });
    const isKnown = (id: string, path: PropertyKey[]): void => {
      if (!ids.includes(id))
        context.addIssue({ code: 'custom', path, message: `no model of this id; there is ${ids.join(', ')}` });
    };
    for (const id of Object.keys(evaluation?.require ?? {})) isKnown(id, ['evaluation', 'require', id]);
    evaluation?.notes?.forEach(({ models: meant }, i) =>
      meant?.forEach((id, j) => isKnown(id, ['evaluation', 'notes', i, 'models', j])),
    );
  });

/** A config as it is written. */
export type ExperimentInput = z.input<typeof experimentSchema>;
/** A config with every default filled in. */
export type Experiment = z.output<typeof experimentSchema>;
type Given<T, K extends keyof T> = T & { readonly [key in K]-?: NonNullable<T[key]> };
/** An experiment with models to train or measure: the schema demands data and a threat of it. */
export type ModelExperiment = Given<Experiment, 'dataset' | 'threat'>;
/** One that measures its models. */
export type MeasuringExperiment = Given<ModelExperiment, 'evaluation'>;
export type Evaluation = MeasuringExperiment['evaluation'];

export function hasModels(experiment: Experiment): experiment is ModelExperiment {
  return experiment.models.length > 0;
}

export function isMeasuring(experiment: Experiment): experiment is MeasuringExperiment {
  return experiment.evaluation !== undefined;
}

/** The JSON Schema of the config file, for editors. */
export function experimentJsonSchema(): Record<string, unknown> {
  return {
    title: 'advrob experiment, version 1',
    ...z.toJSONSchema(experimentSchema, { io: 'input', target: 'draft-2020-12' }),
  };
}

/**
 * Types a config in TypeScript: `export default defineExperiment({ ... })` in `advrob.config.ts`.
 */
export function defineExperiment(config: ExperimentInput): ExperimentInput {
  return config;
}

/** A config as JSON, as it could be read again. */
export function savedConfig(experiment: Experiment): unknown {
  return JSON.parse(JSON.stringify(experiment, (_, value: unknown) => (value === Infinity ? infinite : value)));
}
