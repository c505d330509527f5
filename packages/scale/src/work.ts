import { AdvrobError, type Json } from '@advrob/core';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { contract, type Contract } from './contract.js';
import type { WorkCard } from './engine.js';
import type { ArtefactStore } from './store.js';

/** The largest work, as JSON. */
export const mostBytes = 1_000_000;
/** The most shards of a work. */
export const mostShards = 1_000_000;
/** How deep the values of a work may lie in each other. */
const deepest = 32;

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const plainName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/);

const schema = z.strictObject({
  format: z.literal('advrob-work'),
  version: z.literal(1),
  kind: z.string().regex(/^[a-z][a-z-]{0,40}$/),
  title: z.string().max(200),
  subject: z.json(),
  artefacts: z
    .array(z.strictObject({ name: plainName, sha256: hex64, bytes: z.int().min(0).max(Number.MAX_SAFE_INTEGER) }))
    .max(1000),
  contract,
  shards: z.int().min(1).max(mostShards),
  size: z.int().min(1).max(mostShards),
});

const card = z.strictObject({
  id: z.string().refine(isWorkId),
  title: schema.shape.title,
  kind: schema.shape.kind,
});

/** Everything that a computation is, as JSON: whoever has it can compute any of its shards. */
export interface Work {
  readonly format: 'advrob-work';
  readonly version: 1;
  /** Which runner computes it, such as `evaluation`. */
  readonly kind: string;
  /** For people. */
  readonly title: string;
  /** What the runner makes it from: names of parts and their options, never code. */
  readonly subject: Json;
  /** Files that it needs, each in the store under its SHA-256. */
  readonly artefacts: readonly Artefact[];
  readonly contract: Contract;
  readonly shards: number;
  /** What a shard holds: of an evaluation shard i has the batches i * size to (i + 1) * size - 1. */
  readonly size: number;
}

/** A file by its content. */
export interface Artefact {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The JSON of a work: keys in alphabetical order, so that equal works are equal texts. */
export function workText(work: Work): string {
  return JSON.stringify(sorted(work as unknown as Json));
}

/** The first 32 hex digits of the SHA-256 of {@link workText}. */
export function workId(work: Work): string {
  return createHash('sha256').update(workText(work)).digest('hex').slice(0, 32);
}

/** Whether a text is the id of a work: it becomes part of names. */
export function isWorkId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/** Where things of a work lie in a store. */
export function placeOf(id: string): string {
  return `work/${id}`;
}

/** Where a file lies in a store. */
export function blobName(sha256: string): string {
  return `blobs/${sha256}`;
}

/** Puts a work into a store; gives its id. One that is there already is left as it is. */
export async function writeWork(store: ArtefactStore, work: Work): Promise<string> {
  const id = workId(work);
  const bytes = new TextEncoder().encode(workText(work));
  if (bytes.length > mostBytes)
    throw new AdvrobError('ADVROB_WORK', `the work takes ${bytes.length} bytes as JSON, more than ${mostBytes}`);
  parseWork(bytes, id);
  await store.create(`${placeOf(id)}/work.json`, bytes);
  return id;
}

/**
 * Reads a work of a store.
 *
 * @throws AdvrobError `ADVROB_WORK` when there is none, or none that {@link parseWork} takes.
 */
export async function readWork(store: ArtefactStore, id: string): Promise<Work> {
  if (!isWorkId(id))
    throw new AdvrobError(
      'ADVROB_WORK',
      `expected the id of a work, 32 hex digits, got ${JSON.stringify(id.slice(0, 60))}`,
    );
  const bytes = await store.get(`${placeOf(id)}/work.json`);
  if (bytes === undefined)
    throw new AdvrobError(
      'ADVROB_WORK',
      `the work ${id} is not in ${store.name}: is it the store that the work was planned with?`,
    );
  return parseWork(bytes, id);
}

/**
 * Reads a work that may come from anyone.
 *
 * @param id - What it must be, since a work is known by its content.
 * @throws AdvrobError `ADVROB_WORK` for text that is no work, is too large, or has another id.
 */
export function parseWork(bytes: Uint8Array, id: string): Work {
  const refuse = (why: string): AdvrobError => new AdvrobError('ADVROB_WORK', `the work ${id} cannot be read: ${why}`);
  if (bytes.length > mostBytes) throw refuse(`it takes ${bytes.length} bytes, more than ${mostBytes}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refuse('it is no JSON');
  }
  if (depthOf(value) > deepest) throw refuse(`its values lie more than ${deepest} deep in each other`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error).slice(0, 500));
  const work = parsed.data as Work;
  if (workId(work) !== id) throw refuse('its content has another id: it is damaged, or was changed');
  return work;
}

/**
 * Reads what an engine says of a work; undefined for what is no such thing, since others may write
 * there, too.
 */
export function parseCard(text: string): WorkCard | undefined {
  const parsed = card.safeParse(jsonOf(text));
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How deep values lie in each other; without recursion, since a hostile text may nest as deep as it likes. */
function depthOf(value: unknown): number {
  let level: unknown[] = [value];
  let depth = 0;
  for (; level.length > 0 && depth <= deepest; depth++)
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  return depth;
}

/** The same JSON with its keys in order. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, Json>>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
