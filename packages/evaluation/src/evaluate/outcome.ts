import * as z from 'zod';

const bit = z.union([z.literal(0), z.literal(1)]);

/** A kept example: float32 values as base64, what the model says and how sure it is (softmax). */
const keptImage = z.strictObject({
  /** Place in the data set as evaluated, from 0. */
  position: z.int().min(0),
  image: z.base64(),
  /** -1 where a score was NaN. */
  prediction: z.int().min(-1),
  confidence: z.number().min(0).max(1),
});
export type KeptImage = z.infer<typeof keptImage>;

/** A batch without an attack. */
const cleanOutcome = z.strictObject({
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
const attackOutcome = z.strictObject({
  /** Which examples of the batch were attacked, ascending. */
  rows: z.array(z.int().min(0)),
  success: z.array(bit),
  /** -1 where a score was NaN. */
  prediction: z.array(z.int().min(-1)),
  fooledBy: z.array(z.string().nullable()),
  distance: z.array(z.number().min(0)),
  queries: z.array(z.int().min(0)),
  unconfirmed: z.int().min(0),
  /** Rows of input gradients that were not finite; left out where all were. */
  brokenGradients: z.int().min(1).optional(),
  kept: z.array(keptImage),
  /** Smallest distance found, null for none; of attacks that look for a minimal norm. */
  closest: z.array(z.number().min(0).nullable()).optional(),
  saved: savedOutcome.optional(),
});
export type AttackOutcome = z.infer<typeof attackOutcome>;

/** A batch under one certifier. Every list has an entry per example that was certified. */
const certificateOutcome = z.strictObject({
  /** Which examples of the batch, ascending: those that are right where it speaks of the model itself. */
  rows: z.array(z.int().min(0)),
  /** At the epsilon of the run. */
  verdict: z.array(z.enum(['certified', 'falsified', 'open'])),
  /** -1 where a smoothed classifier abstains. */
  prediction: z.array(z.int().min(-1)),
  /** Null for a radius without an end; left out by a certifier that finds none. */
  radius: z.array(z.number().min(0).nullable()).optional(),
  passes: z.array(z.number().min(0)),
});
export type CertificateOutcome = z.infer<typeof certificateOutcome>;

/**
 * All that is known of one batch: the clean pass, and one outcome per run by its place; where a run
 * is still to come the list has a hole.
 */
export interface BatchOutcome {
  clean?: CleanOutcome;
  readonly certificates: CertificateOutcome[];
  readonly attacks: AttackOutcome[];
}

/** Whether nothing is left to do. */
export function isComplete(
  outcome: BatchOutcome | undefined,
  { runs, certificates }: { readonly runs: readonly unknown[]; readonly certificates: readonly unknown[] },
): outcome is BatchOutcome {
  if (outcome?.clean === undefined) return false;
  const has = (list: readonly unknown[]): number => Object.keys(list).length;
  return has(outcome.attacks) === runs.length && has(outcome.certificates) === certificates.length;
}

/** A batch of which nothing is known. */
export function emptyOutcome(): BatchOutcome {
  return { certificates: [], attacks: [] };
}

/** Name of the file that holds the progress of an evaluation. */
export const journalName = 'evaluation.jsonl';

const unit = { batch: z.int().min(0), seconds: z.number().min(0) };

/**
 * One finished piece of work, as a line of the journal. `run` is the place of the run in the plan.
 */
export const journalLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('clean'), ...unit, outcome: cleanOutcome }),
  z.strictObject({ type: z.literal('certificate'), ...unit, run: z.int().min(0), outcome: certificateOutcome }),
  z.strictObject({ type: z.literal('attack'), ...unit, run: z.int().min(0), outcome: attackOutcome }),
]);
export type JournalLine = z.infer<typeof journalLine>;

/**
 * What tells the pieces of a batch apart: the run of an attack from 0, -1 for the clean pass, -2, -3
 * and so on for the runs of certifiers.
 */
export function runOf(line: JournalLine): number {
  if (line.type === 'certificate') return certificatePiece(line.run);
  return line.type === 'clean' ? -1 : line.run;
}

/** As {@link runOf} has it. */
export function certificatePiece(run: number): number {
  return -2 - run;
}

/** The pieces of a batch, in the order of their work. */
export function piecesOf(runs: number, certificates: number): number[] {
  const places = (count: number): number[] => Array.from({ length: count }, (_, run) => run);
  return [-1, ...places(certificates).map(certificatePiece), ...places(runs)];
}

/** Finished work by batch and run; where some is still to be done the lists have holes. */
export function restoreOutcomes(lines: readonly JournalLine[], runs: number): BatchOutcome[] {
  const outcomes: BatchOutcome[] = [];
  for (const line of lines) if (runOf(line) < runs) setOutcome((outcomes[line.batch] ??= emptyOutcome()), line);
  return outcomes;
}

/** Puts a finished piece into its batch. */
export function setOutcome(outcome: BatchOutcome, line: JournalLine): void {
  if (line.type === 'clean') outcome.clean = line.outcome;
  else if (line.type === 'certificate') outcome.certificates[line.run] = line.outcome;
  else outcome.attacks[line.run] = line.outcome;
}
