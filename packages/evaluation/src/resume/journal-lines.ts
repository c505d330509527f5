import * as z from 'zod';
import { attackOutcome, cleanOutcome } from '../run/outcome.js';

const unit = { batch: z.int().min(0), seconds: z.number().min(0) };

/** One finished piece of work, as a line of the journal. `run` is the place of the run in the plan. */
export const journalLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('clean'), ...unit, outcome: cleanOutcome }),
  z.strictObject({ type: z.literal('attack'), ...unit, run: z.int().min(0), outcome: attackOutcome }),
]);
export type JournalLine = z.infer<typeof journalLine>;

/** The lines that can be trusted, and how many bytes they take: an unfinished or damaged line ends them. */
export function readLines<Line>(bytes: Uint8Array, schema: z.ZodType<Line>): { lines: Line[]; length: number } {
  const lines: Line[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start)) {
    const line = schema.safeParse(parseJson(bytes.subarray(start, end)));
    if (!line.success) break;
    lines.push(line.data);
  }
  return { lines, length: start };
}

/** The value of JSON text, or undefined. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
