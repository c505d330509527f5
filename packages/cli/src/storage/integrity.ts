import { AdvrobError } from '@advrob/core';
import { serializeRecord, type RunRecord } from '@advrob/evaluation';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileError } from './failure.js';

/** Files of a run folder that are made of its record, and can be made again. */
const pages = /^(report\.(html|md)|figures\/[^/]+|((models\/[^/]+\/)?card\.json))$/;
/** Everything else that a run writes: a file of somebody else may change as it likes. */
const ofModel =
  /(checkpoint|checkpoint\.previous|last|best|averaged|weights)\.safetensors|(metrics|evaluation|checks|examples|analysis)\.jsonl|events\.out\.tfevents\.0\.advrob|adversarial\/[^/]+\/\d+\.safetensors/;
const ours = new RegExp(`^((config|ground)\\.json|((models|analyses)/[^/]+/)?(${ofModel.source}))$`);

/** SHA-256 of every file that a run has written, but its record, by their paths in the folder. */
export async function hashFiles(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder, { recursive: true })).map((file) => file.replaceAll(sep, '/')).sort();
  const hashes: Record<string, string> = {};
  for (const file of files) if (pages.test(file) || ours.test(file)) hashes[file] = (await hashOf(join(folder, file)))!;
  return hashes;
}

/** Undefined for a file that is not there. */
async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

/** The files of a finished run that are not as it has written them; what is gone is nobody's damage. */
export async function damagedFiles(
  folder: string,
  { integrity }: RunRecord,
): Promise<{ readonly path: string; readonly isPage: boolean }[]> {
  const damaged: { path: string; isPage: boolean }[] = [];
  for (const [path, hash] of Object.entries(integrity?.files ?? {})) {
    if (!pages.test(path) && !ours.test(path)) continue;
    const found = await hashOf(join(folder, path));
    if (found !== undefined && found !== hash) damaged.push({ path, isPage: pages.test(path) });
  }
  return damaged;
}

/**
 * Refuses files of a finished run that are not as it has written them.
 *
 * @param paths - In the folder. Default: all, but pages, which are made of the record.
 * @throws AdvrobError `ADVROB_FILE_DAMAGED` naming them.
 */
export async function refuseDamaged(folder: string, record: RunRecord, paths?: readonly string[]): Promise<void> {
  const damaged = (await damagedFiles(folder, record)).filter(({ path, isPage }) => paths?.includes(path) ?? !isPage);
  if (damaged.length === 0) return;
  throw new AdvrobError(
    'ADVROB_FILE_DAMAGED',
    `${damaged.map(({ path }) => join(folder, path)).join(', ')}: the SHA-256 is not the one in the record: damaged or changed since. ` +
      'The command that wrote the folder makes good what can be made good; without the file the record stands as it is',
  );
}

const noHash = '0'.repeat(64);

/** A record with the hashes of the files given and of itself. */
export function sealedRecord(record: RunRecord, files: Readonly<Record<string, string>>): RunRecord {
  const open = { ...record, integrity: { files: { ...files }, sha256: noHash } };
  const sha256 = createHash('sha256').update(serializeRecord(open)).digest('hex');
  return { ...open, integrity: { ...open.integrity, sha256 } };
}

/** Whether the text of a record is as it was sealed; one that never was is. */
export function isSealed(text: string, { integrity }: RunRecord): boolean {
  if (integrity === undefined) return true;
  const { sha256 } = integrity;
  return (
    createHash('sha256')
      .update(withHash(text, sha256, noHash))
      .digest('hex') === sha256
  );
}

/** The hash is the last entry of the text. */
function withHash(text: string, from: string, to: string): string {
  const place = text.lastIndexOf(from);
  return `${text.slice(0, place)}${to}${text.slice(place + from.length)}`;
}
