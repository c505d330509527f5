import { AdvrobError } from '@advrob/core';
import type { Share } from '@advrob/evaluation/shards';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fileError } from '../storage/failure.js';
import { readIfThere, writeAtomically } from '../storage/files.js';

/** The folder of a run that its shards lie in. */
export const shardsName = 'shards';
/** Name of the file that says what a shard is of. */
const shardName = 'shard.json';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads `--shard`: `3/16`, or `auto` for what SLURM (an array from 0 or 1 without gaps) or Kubernetes
 * (an indexed job that also tells its number of tasks) say of the task.
 *
 * @throws AdvrobError `ADVROB_USAGE` for anything else, and for arrays whose tasks are not 0 to n - 1.
 */
export function parseShard(text: string, variables: Variables = process.env): Share {
  if (text !== 'auto') {
    const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
    return shareOf(Number(index), Number(count), `--shard: expected i/n with 0 <= i < n, or auto, got '${text}'`);
  }
  if (variables['SLURM_ARRAY_TASK_ID'] !== undefined) return shareOfArray(variables);
  const { JOB_COMPLETION_INDEX: index, JOB_COMPLETIONS: count } = variables;
  if (index === undefined)
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set, so this is no task of an array: give --shard i/n',
    );
  if (count === undefined)
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--shard auto: Kubernetes tells a task its index alone: set JOB_COMPLETIONS to the number of completions in the env of the container',
    );
  return shareOf(
    numberIn(index),
    numberIn(count),
    `--shard auto: expected JOB_COMPLETION_INDEX below JOB_COMPLETIONS, got '${index}' and '${count}'`,
  );
}

function shareOfArray(variables: Variables): Share {
  const names = ['ID', 'MIN', 'MAX', 'COUNT'].map((part) => `SLURM_ARRAY_TASK_${part}`);
  const [id, least, most, count] = names.map((name) => numberIn(variables[name]));
  const said = names.map((name) => `${name} ${variables[name] ?? 'not set'}`).join(', ');
  const refuse = (why: string): AdvrobError =>
    new AdvrobError('ADVROB_USAGE', `--shard auto: ${why} (${said}): make it --array=0-15, or give --shard i/n`);
  const { SLURM_ARRAY_TASK_STEP: step = '1' } = variables;
  if (step !== '1') throw refuse(`the array counts in steps of ${step}, so its tasks are not 0 to n - 1`);
  // One task of an array that is sent again alone would otherwise become the whole evaluation.
  if (least !== 0 && least !== 1) throw refuse('the array does not begin at 0 or 1, so it may be a part of another');
  if (most! - least + 1 !== count) throw refuse('the array has gaps, so it may be a part of another');
  return shareOf(id! - least, count!, `--shard auto: this is no task of its array (${said})`);
}

function numberIn(text = ''): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

function shareOf(index: number, count: number, otherwise: string): Share {
  if (index >= 0 && index < count && Number.isSafeInteger(count)) return { index, count };
  throw new AdvrobError('ADVROB_USAGE', otherwise);
}

/** The folder of a shard: one of its own, so that tasks write and hold nothing together. */
export function shardFolder(out: string, { index, count }: Share): string {
  return join(out, shardsName, `${String(index).padStart(String(count - 1).length, '0')}-of-${count}`);
}

const shardFile = z.strictObject({
  format: z.literal('advrob-shard'),
  version: z.literal(1),
  index: z.int().min(0),
  count: z.int().min(1),
  args: z.array(z.string()),
});

/** A shard as it lies in its folder. */
export interface FoundShard {
  readonly folder: string;
  readonly share: Share;
  /** What stands behind `advrob evaluate` for a single run. */
  readonly args: readonly string[];
}

/** Says in a shard's folder what it is of, so that merging needs no flags. */
export async function writeShardFile({ folder, share, args }: FoundShard): Promise<void> {
  const content = { format: 'advrob-shard', version: 1, ...share, args };
  await writeAtomically(join(folder, shardName), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * The shards in some folders, each that of one shard, or one above some: `runs/mine`, or
 * `runs/mine/shards`.
 *
 * @throws AdvrobError `ADVROB_USAGE` where there are none; `ADVROB_SHARD` for shards of several
 *   divisions, of which parts are missing, or that are there twice.
 */
export async function findShards(folders: readonly string[]): Promise<[FoundShard, ...FoundShard[]]> {
  const found: FoundShard[] = [];
  for (const folder of folders) {
    const own = (await Promise.all((await candidatesIn(folder)).map(readShardFile))).flatMap((shard) => shard ?? []);
    if (own.length === 0)
      throw new AdvrobError(
        'ADVROB_USAGE',
        `no shard in ${folder}: expected what advrob evaluate --shard i/n --out ${folder} has written`,
      );
    found.push(...own);
  }
  const [first, ...others] = found;
  const { count } = first!.share;
  const stranger = others.find(({ share }) => share.count !== count);
  if (stranger)
    throw new AdvrobError(
      'ADVROB_SHARD',
      `${first!.folder} is one of ${count} shards and ${stranger.folder} one of ${stranger.share.count}: merge those of one division, by naming their folders, or remove the others`,
    );
  const twice = found.find(({ share }, i) => found.findIndex((other) => other.share.index === share.index) !== i);
  if (twice) {
    const other = found.find(({ share }) => share.index === twice.share.index)!;
    throw new AdvrobError(
      'ADVROB_SHARD',
      `shard ${twice.share.index}/${count} is in ${other.folder} and in ${twice.folder}: merge it once`,
    );
  }
  const indices = new Set(found.map(({ share }) => share.index));
  const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !indices.has(index));
  if (missing.length > 0)
    throw new AdvrobError(
      'ADVROB_SHARD',
      `of ${count} shards ${missing.length === 1 ? 'one is' : `${missing.length} are`} missing: ${missing.map((index) => `${index}/${count}`).join(', ')}: compute ${missing.length === 1 ? 'it' : 'them'} with --shard`,
    );
  return found.sort((a, b) => a.share.index - b.share.index) as [FoundShard, ...FoundShard[]];
}

/** Folders that may be those of shards. */
async function candidatesIn(folder: string): Promise<string[]> {
  if ((await readIfThere(join(folder, shardName))) !== undefined) return [folder];
  const above = [folder, join(folder, shardsName)];
  const inside = await Promise.all(
    above.map(async (each) => {
      const entries = await readdir(each, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
        throw fileError(error, each);
      });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(each, name));
    }),
  );
  return inside.flat().sort();
}

async function readShardFile(folder: string): Promise<FoundShard | undefined> {
  const bytes = await readIfThere(join(folder, shardName));
  if (bytes === undefined) return undefined;
  const parsed = shardFile.safeParse(jsonOf(bytes));
  if (!parsed.success || parsed.data.index >= parsed.data.count)
    throw new AdvrobError(
      'ADVROB_FILE_DAMAGED',
      `${join(folder, shardName)} does not say what the shard is of: start that shard again`,
    );
  const { index, count, args } = parsed.data;
  return { folder, share: { index, count }, args };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
