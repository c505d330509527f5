import type { StepRows } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { flatRows, isFooled, logitOf, oneHot, overLargest, rowSize, select } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { averagedGradient, eotOption } from './shared/averaged-gradient.js';
import { likelyTargets } from './shared/likely-targets.js';

const options = z.strictObject({
  change: z
    .number()
    .min(-1)
    .max(1)
    .refine((change) => change !== 0, 'expected a change, but 0 is none')
    .default(1)
    .describe(
      'what is added to each value of a pair, in units of the width of the bounds; below 0 lowers values (theta)',
    ),
  share: z
    .number()
    .positive()
    .max(1)
    .default(0.145)
    .describe('largest share of the values that may change (gamma); each step changes two'),
  targets: z
    .int()
    .min(1)
    .default(1)
    .describe('target classes tried side by side, likeliest first, in a run without targets of its own'),
  eot: eotOption,
});

/**
 * JSMA, the Jacobian-based saliency map attack: changes the pair of values that raises the target's
 * logit and lowers the sum of the others most, again and again (algorithm 3). Made for target
 * classes; a run without any goes towards the likeliest others. On logits, as in the paper.
 *
 * A value changes once, and not where it stands at its bound. A row ends at its first success, when
 * no pair is left, or when `share` is used up. All pairs are compared, as in the paper, up to 4,096
 * values (MNIST, CIFAR-10); of larger images those of the 4,096 most promising values.
 *
 * @example
 * ```ts
 * const anywhere = { norm: 'l0', epsilon: Infinity } as const;
 * const { closest } = await jsma().run(model, x, y, anywhere, { targets });
 * ```
 */
export const jsma = defineAttack({
  name: 'jsma',
  summary:
    'Jacobian-based saliency map attack: changes the most salient pair of values, again and again until the target is reached.',
  paper:
    'Papernot et al. 2016, The Limitations of Deep Learning in Adversarial Settings, https://arxiv.org/abs/1511.07528',
  knowledge: 'gradients',
  norms: ['l0'],
  budget: 'minimal',
  random: false,
  loss: null,
  options,
  async perturb(scope, { change, share, targets, eot }) {
    const [low, high] = scope.threat.bounds;
    const isTargeted = scope.target !== undefined;
    const lanes = scope.expand({ targets: tf.concat([...likelyTargets(scope, targets)], 1) });
    const steps = Math.ceil((rowSize(scope.x) * share) / 2);
    const start = { adv: lanes.x, open: tf.onesLike(lanes.x) };
    const { adv } = await lanes.iterate(start, steps, ({ adv, open }, rows) => {
      const { slopes, logits } = slopesOf(rows, adv, eot);
      rows.offer(adv, logits);
      const fooled = isFooled(isTargeted ? rows : { y: rows.y }, logits);
      const canMove = change > 0 ? tf.less(adv, high) : tf.greater(adv, low);
      const sign = Math.sign(change);
      const { places, isFound } = bestPair({
        target: tf.mul(flatRows(slopes.target), sign),
        others: tf.mul(flatRows(slopes.others), sign),
        open: flatRows(tf.mul(open, tf.cast(canMove, 'float32'))),
      });
      rows.finish(tf.logicalOr(fooled, tf.logicalNot(isFound)));
      const chosen = tf.reshape(places, adv.shape);
      const moved = tf.clipByValue(tf.add(adv, tf.mul(chosen, change * (high - low))), low, high);
      return { adv: select(fooled, adv, moved), open: tf.mul(open, tf.sub(1, chosen)) };
    });
    return adv;
  },
});

/** Slopes of the target's logit and of the sum of all others: two passes. */
function slopesOf(
  { model, target }: StepRows<'gradients'>,
  adv: Tensor,
  eot: number,
): { readonly slopes: { readonly target: Tensor; readonly others: Tensor }; readonly logits: Tensor } {
  const { gradient, logits } = averagedGradient(model, adv, (z) => logitOf(z, target!), eot);
  const others = averagedGradient(model, adv, (z) => tf.sub(tf.sum(z, 1), logitOf(z, target!)), eot).gradient;
  return { slopes: { target: gradient, others }, logits };
}

/** What a pair of values does to the classes, per row. */
interface Saliency {
  /** Slope of the target's logit in each value [n, d]. */
  readonly target: Tensor;
  /** Slope of the sum of all other logits [n, d]. */
  readonly others: Tensor;
  /** 1 for values that may be chosen, else 0, [n, d] float32. */
  readonly open: Tensor;
}

/** Of larger inputs, pairs are looked for among as many values. */
const mostCandidates = 4096;

/**
 * The pair of values of each row with the largest `-alpha * beta`, where `alpha > 0` is the sum of
 * the two slopes of the target and `beta < 0` that of the others (algorithm 3); the first of ties
 * in the order of flat indices.
 *
 * All pairs of at most `candidates` values are compared. Of more, those with the largest scores that
 * a pair with them could reach at all, which is with the best partner for each of the two slopes.
 *
 * @returns `places` [n, d] with 1 at both values, all 0 where no pair will do, and `isFound` [n]
 *   (bool).
 */
export function bestPair(
  { target, others, open }: Saliency,
  { scoresAtOnce = 2 ** 22, candidates = mostCandidates } = {},
): { readonly places: Tensor; readonly isFound: Tensor } {
  const size = target.shape[1]!;
  // Products of small slopes underflow; scaling does not change the choice.
  const alphas = tf.where(tf.greater(open, 0), overLargest(target), tf.fill(target.shape, -4));
  const betas = overLargest(others);
  if (size <= candidates) {
    const { first, second, isFound } = bestAmong(alphas, betas, scoresAtOnce);
    return { places: placesOf(first, second, isFound, size), isFound };
  }
  const withBest = (values: Tensor): Tensor => tf.relu(tf.add(values, tf.max(values, 1, true)));
  const isOpen = tf.greater(alphas, -4);
  const reach = tf.where(isOpen, tf.mul(withBest(alphas), withBest(tf.neg(betas))), tf.fill(alphas.shape, -1));
  const { indices } = tf.topk(reach, candidates);
  const at = (values: Tensor): Tensor => tf.gather(values, indices, 1, 1);
  const { first, second, isFound } = bestAmong(at(alphas), at(betas), scoresAtOnce);
  const indexOf = (place: Tensor): Tensor =>
    tf.cast(tf.sum(tf.mul(oneHot(place, candidates), tf.cast(indices, 'float32')), 1), 'int32');
  return { places: placesOf(indexOf(first), indexOf(second), isFound, size), isFound };
}

/**
 * Places [n] of the best pair of values [n, m], `scoresAtOnce` scores at a time: the table of an
 * image is too large to hold.
 */
function bestAmong(
  alphas: Tensor,
  betas: Tensor,
  scoresAtOnce: number,
): { readonly first: Tensor; readonly second: Tensor; readonly isFound: Tensor } {
  const [n, size] = alphas.shape as [number, number];
  const perPart = Math.max(1, Math.min(size, Math.floor(scoresAtOnce / (n * size))));
  const best: Tensor[] = [];
  const partners: Tensor[] = [];
  for (let from = 0; from < size; from += perPart) {
    const count = Math.min(perPart, size - from);
    const [largest, partner] = tf.tidy(() => {
      const scores = scoresOf(alphas, betas, from, count);
      return [tf.max(scores, 2), tf.argMax(scores, 2)] as [Tensor, Tensor];
    });
    best.push(largest);
    partners.push(partner);
  }
  const perFirst = tf.concat(best, 1);
  const first = tf.argMax(perFirst, 1);
  const second = tf.sum(tf.mul(oneHot(first, size), tf.cast(tf.concat(partners, 1), 'float32')), 1);
  return { first, second: tf.cast(second, 'int32'), isFound: tf.greater(tf.max(perFirst, 1), 0) };
}

function placesOf(first: Tensor, second: Tensor, isFound: Tensor, size: number): Tensor {
  const both = tf.add(oneHot(first, size), oneHot(second, size));
  return tf.mul(both, tf.expandDims(tf.cast(isFound, 'float32'), 1));
}

/**
 * `max(alpha, 0) * max(-beta, 0)` [n, count, d] of the pairs (p, q) with p from `from` on and q
 * behind p; 0 for all others.
 */
function scoresOf(alphas: Tensor, betas: Tensor, from: number, count: number): Tensor {
  const [n, size] = alphas.shape as [number, number];
  const sums = (values: Tensor): Tensor =>
    tf.add(tf.expandDims(tf.slice(values, [0, from], [n, count]), 2), tf.expandDims(values, 1));
  const isBehind = tf.less(tf.expandDims(tf.range(from, from + count), 1), tf.expandDims(tf.range(0, size), 0));
  const score = tf.mul(tf.relu(sums(alphas)), tf.relu(tf.neg(sums(betas))));
  return tf.mul(score, tf.cast(isBehind, 'float32'));
}
