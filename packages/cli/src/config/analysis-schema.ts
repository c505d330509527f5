import * as z from 'zod';
import { identifier, modelReference, name, part, threat } from './part-schema.js';

const fresh = z.strictObject({
  architecture: part,
  seed: z.int().min(0).default(0).describe('of the initial weights'),
});

/** A model that an analysis looks at: as elsewhere, or one that was never trained. */
const analysed = z
  .union([modelReference, fresh])
  .describe('the id of a model, a file, { weights, architecture }, or { architecture, seed } for a fresh one');
export type AnalysedModel = z.output<typeof analysed>;

const whole = z.strictObject({
  name: name.describe('see: advrob list analyses'),
  id: identifier.optional().describe('names the result; default: the name of the analysis'),
  options: z.record(z.string(), z.unknown()).default({}).describe('see: advrob list with its name'),
  models: z
    .union([analysed, z.array(analysed).min(1), z.record(z.string(), analysed)])
    .optional()
    .describe(
      "models by role; for an analysis of one role also a model, or a list to analyse each. Default: the experiment's models of the names of the roles; of one role all models, each by itself",
    ),
  split: z.enum(['test', 'validation', 'train']).default('test'),
  take: z.int().positive().optional().describe('the first examples only'),
  threat: threat.optional().describe("of attacks inside the analysis; default: the experiment's"),
  seed: z.int().min(0).optional().describe("default: the experiment's"),
});

/** An analysis of models: its name, or more. */
export const analysis = z.union([name.transform((only) => whole.parse({ name: only })), whole]);
export type AnalysisSettings = z.output<typeof whole>;
