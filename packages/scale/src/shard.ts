import { AdvrobError } from '@advrob/core';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { placeOf } from './work.js';

const header = z.strictObject({
  format: z.literal('advrob-shard'),
  version: z.literal(1),
  work: z.string(),
  index: z.int().min(0),
  outcome: z.string().regex(/^[0-9a-f]{64}$/),
  seconds: z.number().min(0),
  worker: z.string(),
  cpu: z.string(),
  counts: z.record(z.string(), z.number()),
  /** Of the header without it, and all that follows. */
  sha256: z.string(),
});

/** What is known of a finished shard without its content. */
export type ShardHeader = Omit<z.infer<typeof header>, 'sha256'>;

/** What a runner gives. */
export interface ShardContent {
  readonly body: Uint8Array;
  /** SHA-256 (hex) of what two computations of the shard must share: all but times. */
  readonly outcome: string;
  readonly seconds: number;
  /** For progress, such as `examples`. */
  readonly counts: Readonly<Record<string, number>>;
  /** More that the shard has left, by names in the work: published before it. */
  readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** A shard of a store. */
export interface Shard {
  readonly header: ShardHeader;
  readonly body: Uint8Array;
}

/** The folder of a work's shards. */
export function shardsPlace(id: string): string {
  return `${placeOf(id)}/shards`;
}

/** Where a shard lies in a store. */
export function shardName(id: string, index: number): string {
  return `${shardsPlace(id)}/${String(index).padStart(7, '0')}.jsonl`;
}

/** Which shard has that name; undefined for what is none. */
export function shardIndex(name: string): number | undefined {
  const [, digits] = /\/(\d{7})\.jsonl$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Where more that shards have left lies in a store. */
export function fileName(id: string, name: string): string {
  return `${placeOf(id)}/files/${name}`;
}

/** A shard as it lies in a store: a line about it, then its content. */
export function encodeShard(about: ShardHeader, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...about, sha256: hashOf(about, body) })}\n`), body]);
}

/**
 * Reads a shard.
 *
 * @throws AdvrobError `ADVROB_FILE_DAMAGED` for what is not as it was written, or of another work.
 */
export function decodeShard(bytes: Uint8Array, work: string, index: number): Shard {
  const refuse = (): AdvrobError =>
    new AdvrobError('ADVROB_FILE_DAMAGED', `${shardName(work, index)} is damaged, or no shard of this work`);
  const end = bytes.indexOf(10);
  const body = bytes.subarray(end + 1);
  const parsed = header.safeParse(end < 0 ? undefined : jsonOf(bytes.subarray(0, end)));
  if (!parsed.success) throw refuse();
  const { sha256, ...about } = parsed.data;
  if (sha256 !== hashOf(about, body) || about.work !== work || about.index !== index) throw refuse();
  return { header: about, body };
}

function hashOf(about: ShardHeader, body: Uint8Array): string {
  const keys = Object.keys(header.shape).filter((key) => key !== 'sha256') as (keyof ShardHeader)[];
  const text = JSON.stringify(keys.map((key) => about[key]));
  return createHash('sha256').update(`${text}\n`).update(body).digest('hex');
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
