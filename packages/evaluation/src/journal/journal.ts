import { AdvrobError, type RunStorage } from '@advrob/core';
import { sha256 } from '@advrob/core/sha256';
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
 * done again. So is that of lines that are damaged, by their SHA-256, in which the header counts:
 * the storage is told of them.
 *
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when it belongs to another evaluation.
 */
export async function openJournal<Line>(
  storage: RunStorage,
  { name, schema, fingerprint, continuation }: JournalOptions<Line>,
): Promise<Journal<Line>> {
  const own = JSON.stringify(fingerprint);
  const found = await storage.read(name);
  const read = readJournal(found ?? encode(`${sealed(own, '')}\n`), schema, own);
  const { header, damaged } = read;
  if (header === undefined && read.lines.length === 0)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `'${name}' is there but does not begin like the progress of an evaluation: use another folder, or remove it`,
    );
  if (damaged.length > 0)
    storage.onDamage?.(name, `damaged in line ${damaged.join(', ')}: what it says is not used, and is found out anew`);
  const before = header === undefined ? fingerprint : (JSON.parse(header) as Fingerprint);
  const taken = continuation?.(before, fingerprint);
  if (taken === undefined) checkSame(before, fingerprint, name);
  const isContinued = taken !== undefined && header !== undefined && header !== own;
  const place = isContinued ? own : (header ?? own);
  const lines = isContinued ? read.lines.flatMap((line) => taken(line) ?? []) : read.lines;
  const isAsItWas = found !== undefined && read.isWhole && damaged.length === 0 && !isContinued;
  let content = isAsItWas
    ? found
    : joined([
        encode(`${sealed(place, '')}\n`),
        ...(isContinued ? lines.map((line) => encode(`${sealed(JSON.stringify(line), place)}\n`)) : read.kept),
      ]);
  if (!isAsItWas) await storage.write(name, content);
  // What is appended to needs no copy here.
  if (storage.append) content = new Uint8Array();
  return {
    lines,
    async add(line) {
      const bytes = encode(`${sealed(JSON.stringify(line), place)}\n`);
      if (storage.append) return storage.append(name, bytes);
      content = joined([content, bytes]);
      return storage.write(name, content);
    },
  };
}

const beforeHash = ',"sha256":"';
const hashLength = beforeHash.length + 64 + '"}'.length;

/** JSON of an object with the SHA-256 of the JSON, and of what it belongs to, as its last entry. */
export function sealed(json: string, place: string): string {
  return `${json.slice(0, -1)}${beforeHash}${sha256(place + json)}"}`;
}

/** The JSON in a sealed line; undefined for one that is not as it was written. */
export function unsealed(line: string, place: string): string | undefined {
  const json = `${line.slice(0, -hashLength)}}`;
  return sealed(json, place) === line ? json : undefined;
}

/** What the bytes of a journal hold. */
export interface ReadJournal<Line> {
  /** JSON of the fingerprint; undefined when it is damaged. */
  readonly header: string | undefined;
  readonly lines: Line[];
  /** The lines as they are written, each with its end. */
  readonly kept: Uint8Array[];
  /** Numbers of damaged lines, the header's being 1; a last one that was only begun is none. */
  readonly damaged: number[];
  /** Whether the last line has its end. */
  readonly isWhole: boolean;
}

/**
 * Reads a journal line by line: as one text it may be longer than texts can be.
 *
 * @param own - The header to which lines belong when theirs is damaged.
 */
export function readJournal<Line>(bytes: Uint8Array, schema: z.ZodType<Line>, own = ''): ReadJournal<Line> {
  // What is no UTF-8 becomes other text, which no hash fits.
  const decoder = new TextDecoder();
  const lineEnd = 10;
  const firstEnd = bytes.indexOf(lineEnd);
  const header = unsealed(decoder.decode(bytes.subarray(0, firstEnd < 0 ? undefined : firstEnd)), '');
  const read = {
    header,
    lines: [] as Line[],
    kept: [] as Uint8Array[],
    damaged: header === undefined ? [1] : [],
    isWhole: bytes.at(-1) === lineEnd,
  };
  let start = firstEnd < 0 ? bytes.length : firstEnd + 1;
  for (let number = 2; start < bytes.length; number++) {
    const found = bytes.indexOf(lineEnd, start);
    const end = found < 0 ? bytes.length : found;
    const text = decoder.decode(bytes.subarray(start, end));
    const line = schema.safeParse(parseJson(unsealed(text, header ?? own)));
    if (line.success) {
      read.lines.push(line.data);
      read.kept.push(found < 0 ? encode(`${text}\n`) : bytes.subarray(start, end + 1));
    } else if (found >= 0) read.damaged.push(number);
    start = end + 1;
  }
  return read;
}

/** The value of JSON text, or undefined. */
function parseJson(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

/** Text as UTF-8. */
export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Writes pieces one after another, in one go. */
export async function writePieces(storage: RunStorage, name: string, pieces: Iterable<Uint8Array>): Promise<void> {
  if (storage.writePieces) return storage.writePieces(name, pieces);
  return storage.write(name, joined([...pieces]));
}

/** Bytes one after another. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}
