import { AdvrobError } from '@advrob/core';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { savedConfig, type Experiment } from '../config/schema.js';
import { readIfThere, writeAtomically } from '../output/files.js';

/** Files that only finished work leaves behind. */
const work: readonly string[] = [
  'checkpoint.safetensors',
  'last.safetensors',
  'evaluation.jsonl',
  'analysis.jsonl',
  'record.json',
];

/**
 * Claims a folder for a run: writes the resolved config, or finds the same one there. A config that
 * nothing came of, as of a run that failed at its first step, gives way.
 *
 * @throws AdvrobError `ADVROB_RUN_MISMATCH` when the folder holds a run with another config, naming
 *   the first key that differs.
 */
export async function claimFolder(folder: string, experiment: Experiment): Promise<void> {
  const path = join(folder, 'config.json');
  const wanted = savedConfig(experiment);
  const found = await readIfThere(path);
  const difference =
    found === undefined ? undefined : firstDifference(JSON.parse(new TextDecoder().decode(found)), wanted);
  if (found !== undefined && difference === undefined) return;
  if (difference !== undefined && (await holdsWork(folder)))
    throw new AdvrobError(
      'ADVROB_RUN_MISMATCH',
      `${folder} holds a run with another config (${difference}): choose another folder with --out, or remove this one`,
    );
  await writeAtomically(path, `${JSON.stringify(wanted, null, 2)}\n`);
}

async function holdsWork(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true });
  return files.some((file) => work.includes(basename(file)));
}

/** Where two JSON values differ first, as `key: old -> new`. */
function firstDifference(before: unknown, after: unknown, path = ''): string | undefined {
  if (typeof before === 'object' && typeof after === 'object' && before !== null && after !== null) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const key of keys) {
      const inner = firstDifference(
        (before as Record<string, unknown>)[key],
        (after as Record<string, unknown>)[key],
        path === '' ? key : `${path}.${key}`,
      );
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  return before === after ? undefined : `${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
}
