import { AdvrobError, issuesInLine } from '@advrob/core';
import * as z from 'zod';
import { exampleCertificate } from './certificate.js';
import { norm } from './shared.js';

/** Name of the file with a line per example. */
export const examplesName = 'examples.jsonl';

const underAttack = z.strictObject({
  attack: z.string(),
  norm,
  epsilon: z.number().min(0),
  success: z.boolean(),
  fooledBy: z.string().nullable(),
  /**
   * Class at the adversarial example, or at the clean one where the attack failed; -1 where a score
   * is NaN.
   */
  prediction: z.int().min(-1),
  distance: z.number().min(0),
  queries: z.int().min(0),
  /** Left out where it was run: a certificate shows that it cannot succeed. */
  certified: z.literal(true).optional(),
});

const minimal = z.strictObject({
  attack: z.string(),
  norm,
  /** Smallest distance found, inside the radius of the run or not; null for none. */
  distance: z.number().min(0).nullable(),
  queries: z.int().min(0),
});

/** One example of an evaluation: a line of `examples.jsonl`. */
export const exampleRecord = z.strictObject({
  /** Identity of the example in its data set. */
  index: z.int(),
  label: z.int().min(0),
  cleanPrediction: z.int().min(0),
  cleanCorrect: z.boolean(),
  /**
   * Classified rightly, and withstood every attack at every epsilon; where every attack was without
   * a bound, none found a point at any distance.
   */
  robust: z.boolean(),
  /** Fooled by an attack, or wrong without any. */
  success: z.boolean(),
  /**
   * The first attack that fooled it, in the order of the evaluation; `clean` for a clean error,
   * null for a robust example.
   */
  fooledBy: z.string().nullable(),
  /**
   * How far that adversarial example is from the clean one in the norm of its attack; 0 for clean
   * errors and robust examples.
   */
  distance: z.number().min(0),
  /**
   * Forward passes until it was fooled, those of earlier attacks included; all of them for a robust
   * example.
   */
  queries: z.int().min(0),
  /** Every attack at every epsilon that was run on it. */
  attacks: z.array(underAttack),
  /** Every attack that looks for a minimal norm and was run on it. */
  minimal: z.array(minimal).optional(),
  /** Every certifier at every epsilon; left out where there was none. */
  certificates: z.array(exampleCertificate).optional(),
});
export type ExampleRecord = z.infer<typeof exampleRecord>;

/** Lines of a piece: all of them in one text may be longer than texts can be. */
const linesOfPiece = 1000;

/** JSON lines of examples, in pieces that are made as they are asked for. */
export function* serializeExamples(examples: Iterable<ExampleRecord>): Generator<Uint8Array> {
  let lines: string[] = [];
  const encoder = new TextEncoder();
  for (const example of examples) {
    lines.push(JSON.stringify(example), '\n');
    if (lines.length < 2 * linesOfPiece) continue;
    yield encoder.encode(lines.join(''));
    lines = [];
  }
  yield encoder.encode(lines.join(''));
}

/**
 * Reads `examples.jsonl`.
 *
 * @throws AdvrobError `ADVROB_RECORD` naming the line and what is wrong with it.
 */
export function parseExamples(text: string): ExampleRecord[] {
  return [...readExamples([new TextEncoder().encode(text)])];
}

/** No line is longer, in bytes: room for some ten thousand attacks. */
const longestLine = 1 << 24;

/**
 * Reads `examples.jsonl` example by example, out of pieces of any lengths that are asked for as they
 * are needed: a million examples need no more memory than one.
 *
 * @throws AdvrobError `ADVROB_RECORD` naming the line and what is wrong with it.
 */
export function* readExamples(pieces: Iterable<Uint8Array>): Generator<ExampleRecord> {
  const lineEnd = 10;
  const decoder = new TextDecoder();
  let number = 0;
  let begun: Uint8Array[] = [];
  let length = 0;
  const line = (): ExampleRecord => {
    const text = begun.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
    [begun, length] = [[], 0];
    return exampleIn(text, ++number);
  };
  for (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(lineEnd); end >= 0; end = piece.indexOf(lineEnd, start)) {
      begun.push(piece.subarray(start, end));
      start = end + 1;
      yield line();
    }
    // The piece may be filled again by whoever makes the next one.
    if (start < piece.length) begun.push(piece.slice(start));
    length += piece.length - start;
    if (length > longestLine)
      throw new AdvrobError(
        'ADVROB_RECORD',
        `line ${number + 1} of the examples: expected at most ${longestLine} bytes, got more`,
      );
  }
  if (begun.length > 0) yield line();
}

function exampleIn(line: string, number: number): ExampleRecord {
  const value = jsonOf(line);
  const parsed = exampleRecord.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AdvrobError('ADVROB_RECORD', `line ${number} of the examples: ${issuesInLine(parsed.error.issues, value)}`);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
