import { AdvrobError, type Json, type Splits } from '@advrob/core';
import { differencesOf, identifyBackend, identifyData } from '@advrob/core/identity';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { savedConfig, type Experiment } from '../config/schema.js';
import { readIfThere, writeAtomically } from '../storage/files.js';
import { contradictionOf } from './extension.js';
import type { FileHashes } from './record.js';

/** Files that only finished work leaves behind. */
const work: readonly string[] = [
  'checkpoint.safetensors',
  'last.safetensors',
  'evaluation.jsonl',
  'analysis.jsonl',
  'record.json',
];

/** What every stage of a run stands on and its config does not say. */
interface Ground {
  readonly versions: Json;
  readonly plugins: Json;
  readonly splits: Splits | undefined;
}

/**
 * Claims a folder for a run: writes the resolved config and what it stands on, or finds the same
 * there, or a config that this one only adds to: finished stages are taken up, each after a look at
 * its own inputs. A config that nothing came of, as of a run that failed at its first step, gives
 * way. A damaged one is made good by the run that wrote it, which the hash in the record tells.
 *
 * @param written - Hashes that the record of the folder had.
 * @throws AdvrobError `ADVROB_RUN_MISMATCH` when the folder holds a run that this one contradicts,
 *   naming what differs; `ADVROB_FILE_DAMAGED` when what it holds cannot be told.
 */
export async function claimFolder(
  folder: string,
  experiment: Experiment,
  ground: Ground,
  written: FileHashes = {},
): Promise<void> {
  const files = [
    await besideOwn(folder, 'config.json', savedConfig(experiment) as Json, written),
    await besideOwn(folder, 'ground.json', describeGround(ground), written),
  ] as const;
  const [config, base] = files;
  if (config.found !== undefined && (await holdsWork(folder))) {
    for (const { path, isDamaged } of files) if (isDamaged) throw damaged(path);
    const contradiction = contradictionOf(config.found, config.own);
    if (contradiction !== undefined) throw mismatch(folder, `with another config (${contradiction})`);
    const differences = base.found === undefined ? [] : differencesOf(base.found, base.own);
    if (differences.length > 0) throw mismatch(folder, `made in another way: ${differences.join('; ')}`);
  }
  for (const { path, text, isWritten } of files) if (!isWritten) await writeAtomically(path, text);
}

/** What a run would write into a file of its folder, and what it finds there. */
interface OwnFile {
  readonly path: string;
  readonly own: Json;
  readonly text: string;
  readonly isWritten: boolean;
  /** What was written there, if that can be told. */
  readonly found: Json | undefined;
  readonly isDamaged: boolean;
}

async function besideOwn(folder: string, name: string, own: Json, written: FileHashes): Promise<OwnFile> {
  const path = join(folder, name);
  const text = `${JSON.stringify(own, null, 2)}\n`;
  const bytes = await readIfThere(path);
  const there = bytes && new TextDecoder().decode(bytes);
  const parts = { path, own, text, isWritten: there === text };
  if (there === undefined || written[name] === sha256(text))
    return { ...parts, found: there === undefined ? undefined : own, isDamaged: false };
  const found = parsed(there);
  const isOther = written[name] !== undefined && written[name] !== sha256(there);
  return { ...parts, found, isDamaged: found === undefined || isOther };
}

function describeGround({ versions, plugins, splits }: Ground): Json {
  return {
    format: 1,
    backend: identifyBackend(),
    versions,
    plugins,
    data: splits
      ? {
          train: identifyData(splits.train),
          validation: identifyData(splits.validation),
          test: identifyData(splits.test),
        }
      : null,
  };
}

function mismatch(folder: string, what: string): AdvrobError {
  return new AdvrobError(
    'ADVROB_RUN_MISMATCH',
    `${folder} holds a run ${what}: choose another folder with --out, or remove this one`,
  );
}

function damaged(path: string): AdvrobError {
  return new AdvrobError(
    'ADVROB_FILE_DAMAGED',
    `${path} is damaged, so what the folder holds cannot be told: start the run as it was started at first, which makes it good, ` +
      'or choose another folder with --out',
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function holdsWork(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true });
  return files.some((file) => work.includes(basename(file)));
}
