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
  const read = readLines(found ?? encode([sealed(own, '')]), own, schema, name);
  const { header, damaged } = read;
  if (damaged.length > 0)
    storage.onDamage?.(name, `damaged in line ${damaged.join(', ')}: what it says is not used, and is found out anew`);
  const before = header === undefined ? fingerprint : (JSON.parse(header) as Fingerprint);
  const taken = continuation?.(before, fingerprint);
  if (taken === undefined) checkSame(before, fingerprint, name);
  const isContinued = taken !== undefined && header !== undefined && header !== own;
  const place = isContinued ? own : (header ?? own);
  const lines = isContinued ? read.lines.flatMap((line) => taken(line) ?? []) : read.lines;
  const kept = isContinued ? lines.map((line) => sealed(JSON.stringify(line), place)) : read.kept;
  let content = encode([sealed(place, ''), ...kept]);
  if (found?.length !== content.length || damaged.length > 0 || isContinued) await storage.write(name, content);
  return {
    lines,
    async add(line) {
      const bytes = encode([sealed(JSON.stringify(line), place)]);
      if (storage.append) return storage.append(name, bytes);
      content = join(content, bytes);
      return storage.write(name, content);
    },
  };
}

const beforeHash = ',"sha256":"';
const hashLength = beforeHash.length + 64 + '"}'.length;

/** JSON of an object with the SHA-256 of the JSON, and of what it belongs to, as its last entry. */
function sealed(json: string, place: string): string {
  return `${json.slice(0, -1)}${beforeHash}${sha256(place + json)}"}`;
}

/** The JSON in a sealed line; undefined for one that is not as it was written. */
function unsealed(line: string, place: string): string | undefined {
  const json = `${line.slice(0, -hashLength)}}`;
  return sealed(json, place) === line ? json : undefined;
}

interface Read<Line> {
  /** Undefined when it is damaged, while lines tell that they belong to the header expected. */
  readonly header: string | undefined;
  readonly lines: Line[];
  /** The lines as they are written. */
  readonly kept: string[];
  /** Numbers of damaged lines, the header's being 1. */
  readonly damaged: number[];
}

function readLines<Line>(bytes: Uint8Array, own: string, schema: z.ZodType<Line>, name: string): Read<Line> {
  // What is no UTF-8 becomes other text, which no hash fits.
  const [first = '', ...rest] = new TextDecoder().decode(bytes).split('\n');
  const header = unsealed(first, '');
  const read: Read<Line> = { header, lines: [], kept: [], damaged: header === undefined ? [1] : [] };
  rest.forEach((text, i) => {
    const line = schema.safeParse(parseJson(unsealed(text, header ?? own)));
    if (line.success) {
      read.lines.push(line.data);
      read.kept.push(text);
    } else if (i < rest.length - 1) read.damaged.push(i + 2);
  });
  if (header === undefined && read.lines.length === 0)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `'${name}' is there but does not begin like the progress of an evaluation: use another folder, or remove it`,
    );
  return read;
}

/** The value of JSON text, or undefined. */
function parseJson(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

function encode(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
