import { scheduleSchema } from '@advrob/training';
import * as z from 'zod';
import { modelReference, part, threat } from './part-schema.js';

/** How a model is trained. */
export const training = z.strictObject({
  trainer: part.optional().describe('a named recipe; what else is given here overrides its parts'),
  objective: part.optional().describe('what is minimised; default erm'),
  attack: part.optional().describe('the inner maximisation'),
  threat: threat.optional().describe("the adversary to train against; default: the experiment's"),
  optimizer: part.optional().describe('default sgd with momentum 0.9'),
  transforms: z.array(part).optional().describe('e.g. awp'),
  augmentations: z.array(part).optional().describe('e.g. random-crop'),
  averager: part.optional().describe('e.g. swa'),
  teacher: modelReference
    .optional()
    .describe(
      'for distillation (kd): the id of a model that stands above in `models`, a file, or { weights, architecture }',
    ),
  epochs: z.number().positive().optional().describe('passes over the data; either this or steps'),
  steps: z.int().positive().optional(),
  take: z.int().positive().optional().describe('use only the first training examples'),
  batchSize: z.int().positive().optional().describe('default 128'),
  learningRate: z.number().positive().optional().describe("default: the trainer's, else 0.01"),
  schedule: scheduleSchema.optional().describe("factor of the learning rate; default: the trainer's, else constant"),
  epsilonSchedule: scheduleSchema.optional().describe('factor of epsilon, e.g. a warm-up'),
  attackMode: z.enum(['eval', 'train', 'probe']).optional().describe('forward mode during the attack; default eval'),
  logEvery: z.int().positive().optional().describe('steps from one log line to the next; default 50'),
  checkpointEvery: z.int().positive().optional().describe('steps between checkpoints beside the end of each epoch'),
  tensorboard: z
    .boolean()
    .optional()
    .describe('writes an event file for TensorBoard beside metrics.jsonl; default false'),
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
export type TrainingSettings = z.output<typeof training>;
