import * as z from 'zod';
import { epsilonOrInfinite, identifier, name, norm } from './part-schema.js';

const attack = z.strictObject({
  name,
  label: identifier.optional().describe('to tell two settings of one attack apart'),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'see: advrob list with its name; an option that is a model takes the id of a model here, a file, or { weights, architecture }',
    ),
  norm: norm.optional(),
  epsilon: z
    .union([epsilonOrInfinite, z.array(epsilonOrInfinite).min(1)])
    .optional()
    .describe("default: the experiment's; a list gives a curve; inf is for attacks that look for a minimal norm"),
  restarts: z.int().positive().default(1),
  loss: z.string().optional().describe('the loss the attack ascends; default: its own'),
});

const certifier = z.strictObject({
  name,
  label: identifier.optional().describe('to tell two settings of one certifier apart'),
  options: z.record(z.string(), z.unknown()).default({}).describe('see: advrob list with its name'),
  norm: norm.optional(),
  epsilon: z
    .union([epsilonOrInfinite, z.array(epsilonOrInfinite).min(1)])
    .optional()
    .describe("default: the experiment's; a list gives a curve; inf for the largest radius of every example"),
});

const checks = z.strictObject({
  examples: z.int().positive().default(64).describe('the first ones of the data; fewer than 64 find less'),
  restarts: z.int().positive().default(5).describe('independent starts that are compared with one'),
  queries: z.int().positive().default(500).describe('of the attack without gradients'),
});
export type CheckSettings = z.output<typeof checks>;

const bounds = z.strictObject({
  cleanAtLeast: z.number().min(0).max(1).optional(),
  robustAtLeast: z.number().min(0).max(1).optional(),
  robustBelow: z.number().min(0).max(1).optional(),
  attack: z.string().optional().describe('label of an attack at its largest epsilon; default: the worst case over all'),
});

const note = z.strictObject({
  models: z.array(identifier).optional().describe('which may get it; default: all that are trained against an attack'),
  attack: z.string().optional().describe('label of an attack at its largest epsilon; default: the worst case over all'),
  robustBelow: z.number().min(0).max(1),
  text: z.string().min(1),
});

/** How models are measured. */
export const evaluation = z.strictObject({
  split: z.enum(['test', 'validation', 'train']).default('test'),
  take: z.int().positive().optional().describe('the first examples only'),
  batchSize: z.int().positive().default(100),
  attacks: z.array(attack).min(1),
  certifiers: z
    .array(certifier)
    .default([])
    .describe('lower bounds of robust accuracy beside the upper ones of attacks'),
  attackOn: z
    .enum(['all', 'survivors'])
    .default('all')
    .describe('survivors: an attack skips what an earlier one fooled in its norm at no larger epsilon'),
  saveAdversarial: z
    .boolean()
    .default(false)
    .describe('saves every adversarial example in float32 and judges it again as loaded, also rounded to 8 bits'),
  checks: z
    .union([z.boolean(), checks])
    .optional()
    .describe('checks for false robustness; default: for models of at most a million weights'),
  require: z
    .record(identifier, bounds)
    .optional()
    .describe('bounds by model id; a run that misses one ends with an error'),
  notes: z.array(note).optional().describe('words that stand in the table beside a model that misses a bound'),
});

/** The settings of checks when they are asked for without any. */
export const defaultChecks: CheckSettings = checks.parse({});
