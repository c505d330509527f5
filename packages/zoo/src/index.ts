import { AdvrobError, type Classifier } from '@advrob/core';
import { sha256 } from '@advrob/core/sha256';
import { loadModel } from '@advrob/models';
import type { ZooCard } from './cards.js';

export { cards, findCard, type ZooCard } from './cards.js';

/**
 * The model of a card out of the bytes of its file, once they were found to be those that were
 * measured. The model is the caller's to dispose.
 *
 * @throws AdvrobError `ADVROB_FILE_DAMAGED` for other bytes.
 * @example
 * ```ts
 * import { findCard, openModel } from '@advrob/zoo';
 * const card = findCard('mnist/pgd-at');
 * const answer = await fetch('/zoo/' + card.weights.file);
 * const model = openModel(card, new Uint8Array(await answer.arrayBuffer()));
 * ```
 */
export function openModel(card: ZooCard, bytes: Uint8Array): Classifier {
  checkBytes(card, bytes);
  return loadModel(bytes, { name: `zoo:${card.name}` });
}

/**
 * Whether bytes are those of the file of a card, by their SHA-256.
 *
 * @throws AdvrobError `ADVROB_FILE_DAMAGED`.
 */
export function checkBytes({ name, weights }: ZooCard, bytes: Uint8Array): void {
  const found = sha256(bytes);
  if (found !== weights.sha256)
    throw new AdvrobError(
      'ADVROB_FILE_DAMAGED',
      `zoo:${name}: expected the ${weights.bytes} bytes with SHA-256 ${weights.sha256}, found ${bytes.length} with ${found}: install @advrob/zoo again, or fetch the file again`,
    );
}
