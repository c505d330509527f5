import * as z from 'zod';
import { norm } from '../record/norm.js';
import { proportion } from '../record/proportion.js';

/** Name of the file that holds a card. */
export const cardName = 'card.json';

/** One row of a leaderboard: what was claimed, about which model, how it was measured, and what speaks against it. */
export const resultCard = z.strictObject({
  format: z.literal('advrob-card'),
  version: z.literal(1),
  model: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    /** SHA-256 of weights and buffers; null for a model without any. */
    hash: z.string().nullable(),
    architecture: z.string().optional(),
    parameters: z.int().min(0).optional(),
    /** E.g. `pgd-at`. */
    training: z.string().optional(),
    trainingSteps: z.int().min(0).optional(),
  }),
  data: z.strictObject({
    name: z.string(),
    split: z.string().optional(),
    hash: z.string(),
    examples: z.int().min(1),
    classes: z.int().min(1),
  }),
  threat: z.strictObject({ norm, epsilon: z.number().min(0), bounds: z.tuple([z.number(), z.number()]) }),
  clean: proportion,
  /** Worst case over the attacks below, per example. */
  robust: proportion,
  attacks: z
    .array(
      z.strictObject({
        label: z.string(),
        attack: z.string(),
        options: z.json(),
        restarts: z.int().min(1),
        loss: z.string(),
        /** What withstood this attack; with `attackOn: survivors` also all before it. */
        robust: proportion,
        /** Forward passes per attacked example. */
        meanQueries: z.number().min(0),
      }),
    )
    .min(1),
  attackOn: z.enum(['all', 'survivors']),
  /** Median distance to an adversarial example over rightly classified examples, of the attack that found the smallest; null where none did. */
  medianDistance: z.number().min(0).nullable(),
  /** Checks for false robustness; null when none were made. */
  checks: z
    .strictObject({
      made: z.int().min(0),
      causes: z.array(z.string()),
      symptoms: z.array(z.string()),
      untested: z.array(z.string()),
    })
    .nullable(),
  seed: z.int().min(0),
  backend: z.string(),
  versions: z.record(z.string(), z.string()),
  /** The command that gives this result; null when it came about in code. */
  command: z.string().nullable(),
});
export type ResultCard = z.infer<typeof resultCard>;

/** The JSON Schema of a card. */
export function cardJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(resultCard, { target: 'draft-2020-12' });
}
