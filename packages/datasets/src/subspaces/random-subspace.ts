import { createRandom } from '@advrob/core/random';
import { spanOf, type BasisSubspace } from './subspace.js';

/**
 * A subspace of the given dimension in a uniformly random position, the same for the same seed: the span of normal vectors.
 *
 * @param size Values of one input, d.
 * @param dimension dim P, from 1 to size - 1.
 * @throws AdvrobError `ADVROB_OPTION` for other dimensions.
 */
export async function randomSubspace(size: number, dimension: number, seed: number): Promise<BasisSubspace> {
  const drawn = createRandom({ seed }).normal('subspace/basis', [dimension, size]);
  try {
    const values = await drawn.data();
    return spanOf(Array.from({ length: dimension }, (_, i) => values.slice(i * size, (i + 1) * size)));
  } finally {
    drawn.dispose();
  }
}
