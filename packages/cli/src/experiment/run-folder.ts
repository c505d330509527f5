import { AdvrobError, type Json, type Splits } from '@advrob/core';
import { differencesOf, identifyBackend, identifyData } from '@advrob/core/identity';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { savedConfig, type Experiment } from '../config/schema.js';
import { readIfThere, writeAtomically } from '../storage/files.js';
import { contradictionOf } from './extension.js';

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
 * way.
 *
 * @throws AdvrobError `ADVROB_RUN_MISMATCH` when the folder holds a run that this one contradicts,
 *   naming what differs.
 */
export async function claimFolder(folder: string, experiment: Experiment, ground: Ground): Promise<void> {
  const files = { config: savedConfig(experiment) as Json, ground: describeGround(ground) };
  const paths = { config: join(folder, 'config.json'), ground: join(folder, 'ground.json') };
  const found = { config: await readJson(paths.config), ground: await readJson(paths.ground) };
  if (found.config !== undefined && (await holdsWork(folder))) {
    const contradiction = contradictionOf(found.config, files.config);
    if (contradiction !== undefined) throw mismatch(folder, `with another config (${contradiction})`);
    const differences = found.ground === undefined ? [] : differencesOf(found.ground, files.ground);
    if (differences.length > 0) throw mismatch(folder, `made in another way: ${differences.join('; ')}`);
  }
  for (const file of ['ground', 'config'] as const)
    if (JSON.stringify(found[file]) !== JSON.stringify(files[file]))
      await writeAtomically(paths[file], `${JSON.stringify(files[file], null, 2)}\n`);
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

async function readJson(path: string): Promise<Json | undefined> {
  const bytes = await readIfThere(path);
  return bytes && parsed(bytes);
}

/** A damaged file is like no other. */
function parsed(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch {
    return 'damaged';
  }
}

async function holdsWork(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true });
  return files.some((file) => work.includes(basename(file)));
}
