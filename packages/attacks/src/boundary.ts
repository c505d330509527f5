import type { StepRows } from '@advrob/core';
import { defineAttack } from '@advrob/core/attack';
import { column, flatRows, isFooled, lengths, select, unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { findStart, startTriesOption, toBoundary } from './shared/boundary-search.js';

const options = z.strictObject({
  steps: z.int().min(1).default(5000).describe('proposals, one query each and a second one in every tenth'),
  sphericalStep: z
    .number()
    .positive()
    .default(0.01)
    .describe('first length of the steps around the example, relative to the distance'),
  sourceStep: z
    .number()
    .positive()
    .default(0.01)
    .describe('first length of the steps towards the example, relative to the distance'),
  adaptation: z.number().gt(1).default(1.5).describe('factor by which the lengths change'),
  convergence: z
    .number()
    .min(0)
    .default(1e-7)
    .describe('length of the steps towards the example at which an example ends'),
  startTries: startTriesOption,
});

/** Outcomes of steps around the example after which their share of successes is judged. */
const sphericalOutcomes = 100;
/** The same for whole proposals. */
const jointOutcomes = 30;

/**
 * The boundary attack: knows labels only. A random walk along the boundary: a step on the sphere
 * around the example, then one towards it; kept if it still fools and is closer. Both lengths
 * follow the shares of successes (section 2.3).
 *
 * Each example has its own draws, lengths and end. Shares are judged in windows of 100 steps around
 * the example (every tenth is looked at) and of 30 proposals, one window after the other. The first
 * point comes from a bisection between noise and the example.
 *
 * @example
 * ```ts
 * const { closest } = await boundary().run(model, x, y, { norm: 'l2', epsilon: Infinity });
 * ```
 */
export const boundary = defineAttack({
  name: 'boundary',
  summary: 'Boundary attack: a random walk along the decision boundary towards the example, from labels alone.',
  paper:
    'Brendel et al. 2018, Decision-Based Adversarial Attacks: Reliable Attacks Against Black-Box Machine Learning Models, https://arxiv.org/abs/1712.04248',
  knowledge: 'labels',
  norms: ['l2'],
  budget: 'minimal',
  loss: null,
  options,
  async perturb(scope, { steps, sphericalStep, sourceStep, adaptation, convergence, startTries }) {
    const found = await findStart(scope, startTries);
    const near = await toBoundary(scope, found, 10);
    const none = tf.zeros([scope.x.shape[0]!]);
    const start = {
      adv: near,
      isOpen: tf.cast(found.isFound, 'float32'),
      spherical: tf.add(none, sphericalStep),
      source: tf.add(none, sourceStep),
      sphericalTries: none,
      sphericalHits: none,
      jointTries: none,
      jointHits: none,
    };
    const { adv } = await scope.iterate(start, steps, (state, rows) => {
      const isOpen = tf.greater(state.isOpen, 0);
      rows.finish(tf.logicalOr(tf.logicalNot(isOpen), tf.less(state.source, convergence)));
      const { around, candidate } = propose(rows, state);
      const looksAround = rows.step % 10 === 0;
      const aroundHits = looksAround ? hitsOf(rows, around) : undefined;
      const hits = hitsOf(rows, candidate);
      const isCloser = tf.less(lengths('l2', tf.sub(candidate, rows.x)), lengths('l2', tf.sub(state.adv, rows.x)));
      const isKept = tf.logicalAnd(tf.logicalAnd(hits, isCloser), isOpen);
      // Two shares of successes: of the steps around the example, where they were looked at, and of
      // whole proposals.
      const onSphere = adapted(countOutcome(state.sphericalTries, state.sphericalHits, aroundHits), {
        window: sphericalOutcomes,
        high: 0.5,
        low: 0.2,
        factor: adaptation,
      });
      const joint = adapted(countOutcome(state.jointTries, state.jointHits, hits), {
        window: jointOutcomes,
        high: 0.25,
        low: 0.1,
        factor: adaptation,
      });
      return {
        ...state,
        adv: select(isKept, candidate, state.adv),
        spherical: tf.mul(state.spherical, onSphere.factor),
        source: tf.mul(tf.mul(state.source, onSphere.factor), joint.factor),
        sphericalTries: onSphere.tries,
        sphericalHits: onSphere.hits,
        jointTries: joint.tries,
        jointHits: joint.hits,
      };
    });
    return adv;
  },
});

/**
 * A step on the sphere around the example, orthogonal to the line to it, and from there one towards
 * the example.
 */
function propose(
  { x, rng, threat }: StepRows<'labels'>,
  { adv, spherical, source }: { readonly adv: Tensor; readonly spherical: Tensor; readonly source: Tensor },
): { readonly around: Tensor; readonly candidate: Tensor } {
  const toExample = tf.sub(x, adv);
  const distance = lengths('l2', toExample);
  const towards = unit('l2', toExample);
  const noise = rng.normal('proposal', x.shape.slice(1));
  const along = tf.sum(flatRows(tf.mul(noise, towards)), 1);
  const orthogonal = unit('l2', tf.sub(noise, tf.mul(towards, column(along, x))));
  const sideways = tf.mul(orthogonal, column(tf.mul(distance, spherical), x));
  const shrink = tf.div(1, tf.sqrt(tf.add(tf.square(spherical), 1)));
  const onSphere = tf.add(x, tf.mul(tf.sub(sideways, toExample), column(shrink, x)));
  const around = tf.clipByValue(onSphere, ...threat.bounds);
  // From the point inside the bounds to the wanted distance.
  const rest = lengths('l2', tf.sub(x, around));
  const forward = tf.maximum(tf.sub(rest, tf.mul(distance, tf.sub(1, source))), 0);
  const moved = tf.add(around, tf.mul(unit('l2', tf.sub(x, around)), column(forward, x)));
  return { around, candidate: tf.clipByValue(moved, ...threat.bounds) };
}

/** Asks for the labels of points, offers them and tells which fool. */
function hitsOf(rows: StepRows<'labels'>, points: Tensor): Tensor {
  const labels = rows.model.labels(points);
  rows.offer(points, labels);
  return isFooled(rows, labels);
}

/** Outcomes of the present window per row [n]. */
interface Outcomes {
  readonly tries: Tensor;
  readonly hits: Tensor;
}

interface AdaptationRule {
  /** Outcomes that make a window. */
  readonly window: number;
  /** Share of hits above which steps get longer. */
  readonly high: number;
  /** Share of hits below which steps get shorter. */
  readonly low: number;
  readonly factor: number;
}

/** Adds the outcome `isHit` [n] (bool) to every row; nothing where there was none. */
export function countOutcome(tries: Tensor, hits: Tensor, isHit: Tensor | undefined): Outcomes {
  return isHit ? { tries: tf.add(tries, 1), hits: tf.add(hits, tf.cast(isHit, 'float32')) } : { tries, hits };
}

/**
 * The factor [n] for the length of the steps, 1 but at the end of a window, and the outcomes of the
 * window that goes on or begins.
 */
export function adapted({ tries, hits }: Outcomes, rule: AdaptationRule): Outcomes & { readonly factor: Tensor } {
  const isFull = tf.greaterEqual(tries, rule.window);
  const share = tf.div(hits, tf.maximum(tries, 1));
  const one = tf.onesLike(tries);
  const isLonger = tf.logicalAnd(isFull, tf.greater(share, rule.high));
  const isShorter = tf.logicalAnd(isFull, tf.less(share, rule.low));
  const factor = tf.where(isLonger, tf.mul(one, rule.factor), tf.where(isShorter, tf.div(one, rule.factor), one));
  const zero = tf.zerosLike(tries);
  return { factor, tries: tf.where(isFull, zero, tries), hits: tf.where(isFull, zero, hits) };
}
