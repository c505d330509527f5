import type { AttackLoss, Rows } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { crossEntropyLoss, marginLoss } from '@advrob/core/losses';
import { select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { asImages, frameOf, type Frame } from '../shared/images.js';
import { reachOf } from '../shared/steps.js';
import { bumpNorms, moveBump } from './bump-moves.js';
import { tiledBumps } from './tiles.js';
import { drawCorners, drawSigns, paintWindow, rescaled, shareAt, stripes, windowSize } from './windows.js';

/** The margin, and for a target its cross-entropy, as in AutoAttack. */
const marginOrTargetLoss: AttackLoss = {
  name: 'margin',
  value: (logits, rows) => (rows.target ? crossEntropyLoss : marginLoss).value(logits, rows),
};

const options = z.strictObject({
  queries: z.int().min(1).default(5000).describe('iterations, one forward pass each, after the one for the start'),
  initialShare: z
    .number()
    .positive()
    .max(1)
    .default(0.8)
    .describe('share of the image that the first windows cover (p_init)'),
  rescaleSchedule: z
    .boolean()
    .default(true)
    .describe(
      'stretch the schedule of window sizes, made for 10,000 queries, to the number of queries; AutoAttack does not',
    ),
});

/**
 * Square: random search that changes one window at a time and keeps what raises the loss, from
 * scores alone. Linf: windows at plus or minus epsilon; L2 and L1: the change moves from one window
 * to another. Inputs of the form [h, w, c] or [h, w] are images, all others a line of values.
 *
 * Differs from AutoAttack in what its results do not depend on: every example has its own windows
 * (there the batch shares one), and the last row and column can be drawn. `queries` of the result
 * counts one for the start and one per iteration.
 *
 * @example
 * ```ts
 * const attack = square({ queries: 1000 });
 * const result = await attack.run(model, x, y, { norm: 'linf', epsilon: 8 / 255 });
 * ```
 */
export const square = defineAttack({
  name: 'square',
  summary: 'Square attack: random search over windows of falling size, from scores alone.',
  paper:
    'Andriushchenko et al. 2020, Square Attack: a query-efficient black-box adversarial attack via random search, https://arxiv.org/abs/1912.00049; for L1 Croce and Hein 2021, Mind the Box, https://arxiv.org/abs/2103.01208',
  knowledge: 'scores',
  norms: ['linf', 'l2', 'l1'],
  budget: 'fixed',
  loss: marginOrTargetLoss,
  options,
  async perturb(scope, { queries, initialShare, rescaleSchedule }) {
    const frame = frameOf(scope.x.shape.slice(1));
    const lowest = tf.fill([scope.x.shape[0]!], -Infinity);
    // Step 0 evaluates the start, step i is iteration i - 1.
    const { best } = await scope.iterate({ best: scope.x, loss: lowest }, queries + 1, ({ best, loss }, rows) => {
      const iteration = rescaleSchedule ? rescaled(rows.step - 1, queries) : rows.step - 1;
      const adv = rows.step === 0 ? startOf(rows, frame) : moved(rows, best, frame, shareAt(iteration, initialShare));
      const logits = rows.model.logits(adv);
      rows.offer(adv, logits);
      const found = rows.lossOf(logits);
      const isBetter = tf.greater(found, loss);
      return { best: select(isBetter, adv, best), loss: tf.where(isBetter, found, loss) };
    });
    return best;
  },
});

function startOf({ x, threat, rng }: Rows<'scores'>, frame: Frame): Tensor {
  if (threat.norm === 'linf') return stripes(x, threat, frame, rng);
  const norm = bumpNorms[threat.norm as 'l2' | 'l1'];
  return norm.pointOf(tiledBumps(rng, frame, norm.shape), x, threat, frame);
}

function moved({ x, threat, rng }: Rows<'scores'>, best: Tensor, frame: Frame, share: number): Tensor {
  if (threat.norm === 'linf')
    return paintWindow(best, x, threat, frame, windowSize(share, frame, { least: 1, isOdd: false }), rng);
  const size = windowSize(share, frame, { least: 3, isOdd: true });
  const norm = bumpNorms[threat.norm as 'l2' | 'l1'];
  const draws = {
    gains: drawCorners(rng, 'gains', frame, size),
    gives: drawCorners(rng, 'gives', frame, size),
    signs: drawSigns(rng, 'sign', [1, 1, frame.channels]),
    isSideways: tf.greater(drawSigns(rng, 'side', []), 0),
  };
  const changes = tf.sub(asImages(best, frame), asImages(x, frame));
  return norm.pointOf(moveBump(changes, draws, reachOf(threat, x), frame, size, norm), x, threat, frame);
}
