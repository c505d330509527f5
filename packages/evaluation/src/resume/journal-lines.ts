import { z } from 'zod';
import { attackOutcome, cleanOutcome } from '../run/outcome.js';

const unit = { batch: z.int().min(0), seconds: z.number().min(0) };

/** One finished piece of work, as a line of the journal. `run` is the place of the run in the plan. */
const journalLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('clean'), ...unit, outcome: cleanOutcome }),
  z.strictObject({ type: z.literal('attack'), ...unit, run: z.int().min(0), outcome: attackOutcome }),
]);
export type JournalLine = z.infer<typeof journalLine>;

/** The lines that can be trusted, and how many bytes they take: an unfinished or damaged line ends them. */
export function readLines(bytes: Uint8Array): { lines: JournalLine[]; length: number } {
  const lines: JournalLine[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start)) {
    const line = parseLine(bytes.subarray(start, end));
    if (line === undefined) break;
    lines.push(line);
  }
  return { lines, length: start };
}

function parseLine(bytes: Uint8Array): JournalLine | undefined {
  const value = parseJson(bytes);
  const parsed = journalLine.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The value of JSON text, or undefined. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
