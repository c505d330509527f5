import { AdvrobError, type Json, type RunStorage } from '@advrob/core';
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
}

/**
 * Opens a journal, or starts one. A kill may have cut the last line: it is dropped, and its work
 * done again.
 *
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when it belongs to another evaluation.
 */
export async function openJournal<Line>(
  storage: RunStorage | undefined,
  { name, schema, fingerprint }: JournalOptions<Line>,
): Promise<Journal<Line>> {
  if (storage === undefined) return { lines: [], add: async () => undefined };
  const header = encodeLine(fingerprint);
  const found = await storage.read(name);
  if (found === undefined) await storage.write(name, header);
  else checkHeader(found, fingerprint, name);
  const body = found?.subarray(found.indexOf(10) + 1) ?? new Uint8Array();
  const { lines, length } = readLines(body, schema);
  let content = join(header, body.subarray(0, length));
  if (length < body.length) await storage.write(name, content);
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

function checkHeader(bytes: Uint8Array, fingerprint: Fingerprint, name: string): void {
  const found = parseJson(bytes.subarray(0, Math.max(0, bytes.indexOf(10))));
  if (typeof found !== 'object' || found === null)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `'${name}' is there but does not begin like the progress of an evaluation: use another folder, or remove it`,
    );
  checkSame(found as Json, fingerprint, name);
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
