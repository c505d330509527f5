import type { Classifier } from '@advrob/core';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findCard } from './cards.js';
import { checkBytes, openModel } from './index.js';

/** The folder of the package, from `src` and from `dist` alike. */
const home = new URL('../', import.meta.url);

/**
 * Path of the weights of a model, once they were found to be those that were measured.
 *
 * @param name E.g. `mnist/pgd-at`.
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_FILE_DAMAGED`.
 */
export async function weightsOf(name: string): Promise<string> {
  const card = findCard(name);
  const file = new URL(card.weights.file, home);
  checkBytes(card, await readFile(file));
  return fileURLToPath(file);
}

/**
 * A model of the zoo, the caller's to dispose.
 *
 * @param name E.g. `mnist/pgd-at`.
 * @throws AdvrobError `ADVROB_MODEL_MISSING`, `ADVROB_FILE_DAMAGED`.
 * @example
 * ```ts
 * import { loadZooModel } from '@advrob/zoo/node';
 * const model = await loadZooModel('mnist/pgd-at');
 * ```
 */
export async function loadZooModel(name: string): Promise<Classifier> {
  const card = findCard(name);
  return openModel(card, await readFile(new URL(card.weights.file, home)));
}
