import { scheduleSchema } from '@advrob/training';
import { z } from 'zod';

const name = z.string().min(1);
const part = z
  .union([
    name.transform((only) => ({ name: only, options: {} as Record<string, unknown> })),
    z.strictObject({ name, options: z.record(z.string(), z.unknown()).default({}).describe('see: advrob list') }),
  ])
  .describe('the name of a part, or { name, options }');
const identifier = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and hyphens')
  .describe('names a folder of the run');

const fraction = z
  .string()
  .regex(/^\d*\.?\d+(\/\d*\.?\d+)?$/, 'a number, or a fraction such as "8/255"')
  .transform((text) => {
    const [above, below = '1'] = text.split('/');
    return Number(above) / Number(below);
  });
const epsilon = z
  .union([z.number(), fraction])
  .refine((value) => value > 0 && Number.isFinite(value), 'above 0')
  .describe('radius in units of the input values: a number or "8/255"');
const threat = z.strictObject({
  norm: z.enum(['linf', 'l2', 'l1', 'l0']).default('linf'),
  epsilon,
});

const training = z.strictObject({
  trainer: part.optional().describe('a named recipe; what else is given here overrides its parts'),
  objective: part.optional().describe('what is minimised; default erm'),
  attack: part.optional().describe('the inner maximisation'),
  threat: threat.optional().describe("the adversary to train against; default: the experiment's"),
  optimizer: part.optional().describe('default sgd with momentum 0.9'),
  transforms: z.array(part).optional().describe('e.g. awp'),
  augmentations: z.array(part).optional().describe('e.g. random-crop'),
  averager: part.optional().describe('e.g. swa'),
  epochs: z.number().positive().optional().describe('passes over the data; either this or steps'),
  steps: z.int().positive().optional(),
  take: z.int().positive().optional().describe('use only the first training examples'),
  batchSize: z.int().positive().optional().describe('default 128'),
  learningRate: z.number().positive().optional().describe('default 0.01'),
  schedule: scheduleSchema.optional().describe('factor of the learning rate'),
  epsilonSchedule: scheduleSchema.optional().describe('factor of epsilon, e.g. a warm-up'),
  attackMode: z.enum(['eval', 'train', 'probe']).optional().describe('forward mode during the attack; default eval'),
  logEvery: z.int().positive().optional().describe('steps from one log line to the next; default 50'),
  checkpointEvery: z.int().positive().optional().describe('steps between checkpoints beside the end of each epoch'),
  validation: z
    .strictObject({
      take: z.int().positive().optional(),
      every: z.int().positive().optional().describe('epochs between measurements'),
      attack: part.optional(),
    })
    .optional()
    .describe('measures on the validation split during training'),
  keep: z.enum(['last', 'best', 'averaged']).optional(),
});

const model = z.strictObject({
  id: identifier,
  architecture: part.optional().describe("default: the experiment's"),
  weights: z.string().optional().describe('a safetensors file or a folder with model.json, instead of training'),
  train: training.optional().describe("laid over the experiment's training"),
});

const evaluation = z.strictObject({
  split: z.enum(['test', 'validation', 'train']).default('test'),
  take: z.int().positive().optional().describe('the first examples only'),
  batchSize: z.int().positive().default(100),
  attacks: z
    .array(
      z.strictObject({
        name,
        label: identifier.optional().describe('to tell two settings of one attack apart'),
        options: z.record(z.string(), z.unknown()).default({}),
        norm: z.enum(['linf', 'l2', 'l1', 'l0']).optional(),
        epsilon: z
          .union([epsilon, z.array(epsilon).min(1)])
          .optional()
          .describe("default: the experiment's; a list gives a curve"),
        restarts: z.int().positive().default(1),
        loss: z.string().optional().describe('the loss the attack ascends; default: its own'),
      }),
    )
    .min(1),
  require: z
    .record(
      identifier,
      z.strictObject({
        cleanAtLeast: z.number().min(0).max(1).optional(),
        robustAtLeast: z.number().min(0).max(1).optional(),
        robustBelow: z.number().min(0).max(1).optional(),
        attack: z
          .string()
          .optional()
          .describe('label of an attack at its largest epsilon; default: the worst case over all'),
      }),
    )
    .optional()
    .describe('bounds by model id; a run that misses one ends with an error'),
});

/** The config of `advrob run`, version 1. */
export const experimentSchema = z.strictObject({
  version: z.literal(1).describe('of this format'),
  $schema: z.string().optional(),
  name: identifier,
  title: z.string().optional(),
  seed: z.int().min(0).default(0),
  backend: z
    .strictObject({
      name: z
        .enum(['onnxruntime', 'node', 'node-gpu', 'wasm', 'cpu'])
        .optional()
        .describe('default: the fastest that works'),
      threads: z.int().positive().optional(),
      deterministic: z.boolean().default(true).describe('the same program gives the same bits'),
    })
    .prefault({}),
  plugins: z.array(z.string()).default([]).describe('packages, or files that start with ./'),
  dataset: part,
  threat,
  architecture: part.optional(),
  training: training.optional().describe('what all models share'),
  models: z.array(model).min(1),
  evaluation,
});

/** A config as it is written. */
export type ExperimentInput = z.input<typeof experimentSchema>;
/** A config with every default filled in. */
export type Experiment = z.output<typeof experimentSchema>;
export type TrainingSettings = z.output<typeof training>;
export type Part = z.output<typeof part>;

/** The JSON Schema of the config file, for editors. */
export function experimentJsonSchema(): Record<string, unknown> {
  return {
    title: 'advrob experiment, version 1',
    ...z.toJSONSchema(experimentSchema, { io: 'input', target: 'draft-2020-12' }),
  };
}

/** Types a config in TypeScript: `export default defineExperiment({ ... })` in `advrob.config.ts`. */
export function defineExperiment(config: ExperimentInput): ExperimentInput {
  return config;
}
