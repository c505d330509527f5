import { AdvrobError, type Json, type RunStorage } from '@advrob/core';
import { checkSame, type Fingerprint } from './fingerprint.js';
import { parseJson, readLines, type JournalLine } from './journal-lines.js';

/** Name of the file that holds the progress of an evaluation. */
export const journalName = 'evaluation.jsonl';

/** Finished work, kept as it is done. */
export interface Journal {
  /** What earlier sessions finished, in order. */
  readonly lines: readonly JournalLine[];
  /** Keeps a finished piece; it survives a kill from when this resolves. */
  add(line: JournalLine): Promise<void>;
}

/**
 * Opens the journal of an evaluation, or starts one. A kill may have cut the last line: it is dropped, and its work done again.
 *
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when it belongs to another evaluation.
 */
export async function openJournal(storage: RunStorage | undefined, fingerprint: Fingerprint): Promise<Journal> {
  if (storage === undefined) return { lines: [], add: async () => undefined };
  const header = encodeLine(fingerprint);
  const found = await storage.read(journalName);
  if (found === undefined) await storage.write(journalName, header);
  else checkHeader(found, fingerprint);
  const body = found?.subarray(found.indexOf(10) + 1) ?? new Uint8Array();
  const { lines, length } = readLines(body);
  let content = join(header, body.subarray(0, length));
  if (length < body.length) await storage.write(journalName, content);
  return {
    lines,
    async add(line) {
      const bytes = encodeLine(line);
      if (storage.append) return storage.append(journalName, bytes);
      content = join(content, bytes);
      return storage.write(journalName, content);
    },
  };
}

function checkHeader(bytes: Uint8Array, fingerprint: Fingerprint): void {
  const found = parseJson(bytes.subarray(0, Math.max(0, bytes.indexOf(10))));
  if (typeof found !== 'object' || found === null)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `'${journalName}' is there but does not begin like the progress of an evaluation: use another folder, or remove it`,
    );
  checkSame(found as Json, fingerprint, journalName);
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
