import { AdvrobError } from '@advrob/core';
import { join } from 'node:path';
import { savedConfig } from '../config/saved-config.js';
import type { Experiment } from '../config/schema.js';
import { readIfThere, writeAtomically } from '../storage/file-storage.js';

/**
 * Claims a folder for a run: writes the resolved config, or finds the same one there.
 *
 * @throws AdvrobError `ADVROB_RUN_MISMATCH` when the folder holds a run with another config, naming the first key that differs.
 */
export async function claimFolder(folder: string, experiment: Experiment): Promise<void> {
  const path = join(folder, 'config.json');
  const wanted = savedConfig(experiment);
  const found = await readIfThere(path);
  if (found === undefined) {
    await writeAtomically(path, `${JSON.stringify(wanted, null, 2)}\n`);
    return;
  }
  const difference = firstDifference(JSON.parse(new TextDecoder().decode(found)), wanted);
  if (difference !== undefined)
    throw new AdvrobError(
      'ADVROB_RUN_MISMATCH',
      `${folder} holds a run with another config (${difference}): choose another folder with --out, or remove this one`,
    );
}

/** Where two JSON values differ first, as `key: old -> new`. */
export function firstDifference(before: unknown, after: unknown, path = ''): string | undefined {
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
