import * as z from 'zod';

const bit = z.union([z.literal(0), z.literal(1)]);

/** A kept example: float32 values as base64, what the model says and how sure it is (softmax). */
const keptImage = z.strictObject({
  /** Place in the data set as evaluated, from 0. */
  position: z.int().min(0),
  image: z.base64(),
  prediction: z.int().min(0),
  confidence: z.number().min(0).max(1),
});
export type KeptImage = z.infer<typeof keptImage>;

/** A batch without an attack. */
export const cleanOutcome = z.strictObject({
  ids: z.array(z.int()),
  labels: z.array(z.int().min(0)),
  predictions: z.array(z.int().min(0)),
  kept: z.array(keptImage),
});
export type CleanOutcome = z.infer<typeof cleanOutcome>;

/** What became of the adversarial examples that were saved: read back and classified anew. */
const savedOutcome = z.strictObject({
  /** Places in the lists of the attack, ascending. */
  places: z.array(z.int().min(0)),
  /** Whether the loaded float32 example still fools the model. */
  confirmed: z.array(bit),
  /** Whether it does after rounding to 8 bits. */
  quantized: z.array(bit),
  /** How far the rounded example is from the clean one. */
  quantizedDistance: z.array(z.number().min(0)),
});
export type SavedOutcome = z.infer<typeof savedOutcome>;

/** A batch under one attack at one epsilon. Every list has an entry per attacked example. */
export const attackOutcome = z.strictObject({
  /** Which examples of the batch were attacked, ascending. */
  rows: z.array(z.int().min(0)),
  success: z.array(bit),
  prediction: z.array(z.int().min(0)),
  fooledBy: z.array(z.string().nullable()),
  distance: z.array(z.number().min(0)),
  queries: z.array(z.int().min(0)),
  unconfirmed: z.int().min(0),
  kept: z.array(keptImage),
  /** Smallest distance found, null for none; of attacks that look for a minimal norm. */
  closest: z.array(z.number().min(0).nullable()).optional(),
  saved: savedOutcome.optional(),
});
export type AttackOutcome = z.infer<typeof attackOutcome>;

/** All that is known of one batch: the clean pass, then one outcome per run, in order; runs that are still to come are missing at the end. */
export interface BatchOutcome {
  clean?: CleanOutcome;
  readonly attacks: AttackOutcome[];
}
