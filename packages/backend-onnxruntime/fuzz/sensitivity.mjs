import { evaluate } from './evaluate.mjs';
import { createRandom } from './random.mjs';

const noiseSize = 2 ** -21;
const runs = 2;

/**
 * How much the results move when every rounded value (and the output gradient) is disturbed by a few units in the last place: per repeat
 * and result the largest difference. Two backends that round differently may differ by a multiple of it, and by no more.
 */
export async function sensitivity(tf, program, repeats, metas, reference) {
  const moved = reference.map((results) => results.map(() => 0));
  for (let run = 0; run < runs; run++) {
    const random = createRandom(program.seed + run);
    const perturb = (id, tensor) => {
      const rounded = id === program.dy || !metas[id].exact;
      if (!rounded || tensor.dtype !== 'float32' || tensor.size === 0) return tensor;
      const factors = Array.from({ length: tensor.size }, () => 1 + (2 * random.next() - 1) * noiseSize);
      return tf.mul(tensor, tf.tensor(factors, tensor.shape));
    };
    const disturbed = await tidied(tf, () => evaluate(tf, program, repeats, perturb));
    disturbed.forEach((results, repeat) =>
      results.forEach(({ data }, i) => {
        moved[repeat][i] = Math.max(moved[repeat][i], largestDifference(data, reference[repeat][i].data));
      }),
    );
  }
  return moved;
}

/** Runs an async function and disposes what it left, such as the noise. */
async function tidied(tf, run) {
  tf.engine().startScope();
  try {
    return await run();
  } finally {
    tf.engine().endScope();
  }
}

function largestDifference(a, b) {
  let largest = 0;
  a.forEach((value, i) => {
    const difference = Math.abs(value - b[i]);
    if (difference > largest) largest = difference;
  });
  return largest;
}
