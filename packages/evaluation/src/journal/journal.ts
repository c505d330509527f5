import { AdvrobError, type RunStorage } from '@advrob/core';
import type { z } from 'zod';
import { checkSame, type Fingerprint } from './fingerprint.js';

/** Finished work, kept as it is done. */
export interface Journal<Line> {
  /** What earlier sessions finished, in order. */
  readonly lines: readonly Line[];
  /** Keeps a finished piece; it survives a kill from when this resolves. */
  add(line: Line): Promise<void>;
}

interface JournalOptions<Line> {
  /** Of the file. */
  readonly name: string;
  /** Of a line. */
  readonly schema: z.ZodType<Line>;
  /** What a session and its continuation must share. */
  readonly fingerprint: Fingerprint;
  /**
   * How lines are read that were written under another fingerprint, each as what it is now or
   * undefined to drop it; undefined where that fingerprint is of something else. Default: it always
   * is.
   */
  readonly continuation?: (found: Fingerprint, expected: Fingerprint) => ((line: Line) => Line | undefined) | undefined;
}

/** A journal that is forgotten. */
export function notKept<Line>(): Journal<Line> {
  return { lines: [], add: async () => undefined };
}

/**
 * Opens a journal, or starts one. A kill may have cut the last line: it is dropped, and its work
 * done again.
 *
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when it belongs to another evaluation.
 */
export async function openJournal<Line>(
  storage: RunStorage,
  { name, schema, fingerprint, continuation }: JournalOptions<Line>,
): Promise<Journal<Line>> {
  const header = encodeLine(fingerprint);
  const found = await storage.read(name);
  const before = found === undefined ? fingerprint : headerOf(found, name);
  const taken = continuation?.(before, fingerprint);
  if (taken === undefined) checkSame(before, fingerprint, name);
  const body = found?.subarray(found.indexOf(10) + 1) ?? new Uint8Array();
  const read = readLines(body, schema);
  const isAnother = JSON.stringify(before) !== JSON.stringify(fingerprint);
  const lines = isAnother && taken ? read.lines.flatMap((line) => taken(line) ?? []) : read.lines;
  let content =
    isAnother && taken ? lines.map(encodeLine).reduce(join, header) : join(header, body.subarray(0, read.length));
  if (found === undefined || isAnother || read.length < body.length) await storage.write(name, content);
  return {
    lines,
    async add(line) {
      const bytes = encodeLine(line);
      if (storage.append) return storage.append(name, bytes);
      content = join(content, bytes);
      return storage.write(name, content);
    },
  };
}

function headerOf(bytes: Uint8Array, name: string): Fingerprint {
  const found = parseJson(bytes.subarray(0, Math.max(0, bytes.indexOf(10))));
  if (typeof found !== 'object' || found === null)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `'${name}' is there but does not begin like the progress of an evaluation: use another folder, or remove it`,
    );
  return found as Fingerprint;
}

function encodeLine(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/**
 * The lines that can be trusted, and how many bytes they take: an unfinished or damaged line ends
 * them.
 */
function readLines<Line>(bytes: Uint8Array, schema: z.ZodType<Line>): { lines: Line[]; length: number } {
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
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
