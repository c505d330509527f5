import { defineDataset, parseOptions } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { projectOnto, randomSubspace, withoutInputs, type Subspace } from '../subspaces/subspace.js';
import { pointSplits, type Points } from './points.js';

const options = z.strictObject({
  size: z.int().min(2).default(60).describe('values of one input, d'),
  complement: z.int().min(1).default(30).describe('dimension l of the orthogonal complement, below d'),
  count: z.int().min(2).default(20).describe('examples'),
  rotated: z
    .boolean()
    .default(false)
    .describe('false: P is spanned by the first d - l axes; true: by a random rotation of them'),
  seed: z.int().min(0).default(0).describe('of points, labels and rotation'),
});

export type SubspacePointsOptions = z.input<typeof options>;

/**
 * Points of the theory: on P, in uniformly random directions, of length sqrt(d), with labels by a
 * fair coin (Melamed et al. 2023, setting). Returned with the subspace that they lie on.
 *
 * @throws AdvrobError `ADVROB_OPTION` when P would be empty.
 */
export async function subspacePoints(
  given: SubspacePointsOptions = {},
): Promise<Points & { readonly subspace: Subspace }> {
  const { size, complement, count, rotated, seed } = parseOptions(options, given, 'subspacePoints');
  const subspace = rotated
    ? await randomSubspace(size, size - complement, seed)
    : withoutInputs(
        size,
        Array.from({ length: complement }, (_, i) => size - complement + i),
      );
  const random = createRandom({ seed });
  const drawn = tf.tidy(() => {
    const inside = projectOnto(subspace, random.normal('subspace/points', [count, size]));
    return tf.mul(tf.div(inside, tf.norm(inside, 2, 1, true)), Math.sqrt(size));
  });
  const coins = random.uniform('subspace/labels', [count], 0, 1);
  try {
    const inputs = Float32Array.from(await drawn.data());
    const labels = Int32Array.from(await coins.data(), (value) => (value < 0.5 ? 0 : 1));
    return { inputs, labels, size, subspace };
  } finally {
    tf.dispose([drawn, coins]);
  }
}

/** {@link subspacePoints} as a data set; bounds are ±10 sqrt(d). */
export const subspace = defineDataset({
  name: 'subspace',
  summary: 'Random points of length sqrt(d) on a subspace of dimension d - l, with random labels.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783, setting',
  options,
  async load(given) {
    const points = await subspacePoints(given);
    const reach = 10 * Math.sqrt(points.size);
    return pointSplits('subspace', points, [-reach, reach]);
  },
});
