import { AdvrobError, defineAnalysis, stopIfAborted, type Classifier, type Norm, type ThreatModel } from '@advrob/core';
import { createRowRandom } from '@advrob/core/random';
import { flatRows, repeatRows } from '@advrob/core/rows';
import { medianOf } from '@advrob/core/statistics';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { fitReverseWeibull } from './weibull.js';

const cleverOptions = z.strictObject({
  radius: z
    .number()
    .positive()
    .optional()
    .describe('of the ball that gradients are taken in, and the largest score; default the epsilon of the threat'),
  batches: z.int().min(2).default(50).describe('maxima that the distribution is fitted to; 500 in the paper'),
  samples: z.int().min(1).default(128).describe('points of the ball for each maximum; 1024 in the paper'),
  targets: z.int().min(1).default(3).describe('most likely other classes that are looked at'),
});
type CleverOptions = z.output<typeof cleverOptions>;

/** The CLEVER score of one example. */
export interface CleverScore {
  /** Estimate of the distance to the nearest other class, at most the radius; 0 where the label is not the class. */
  readonly score: number;
  /** Whether the largest gradient seen stands in for that of the fit, which was rejected. */
  readonly isFallback: boolean;
  /** Shape of the fitted distribution and likelihood of the fit, of the target with the least score; null without one. */
  readonly shape: number | null;
  readonly pValue: number | null;
}

/**
 * CLEVER: an **estimate** of the distance to the nearest other class, no bound. For each likely other
 * class j it takes the largest dual norm of the gradient of z_y - z_j over random points of the ball, as
 * often as `batches` says, fits a reverse Weibull distribution, and divides z_y - z_j by its end.
 *
 * Weng et al. 2018, https://arxiv.org/abs/1801.10578, algorithm 1, on logits. Where the fit tells no end
 * (shape 1, an end of its range, Kolmogorov-Smirnov p below 0.05) the largest gradient seen is taken.
 * Gradient masking makes scores too large (Goodfellow 2018, https://arxiv.org/abs/1804.07870): run the
 * checks first. Points are drawn in the ball and the bounds. L2, Linf and L1.
 *
 * Result: `{ scores, median, findings, tables }`.
 *
 * @throws AdvrobError `ADVROB_NORM` for L0, `ADVROB_OPTION` without a finite radius.
 * @example
 * ```ts
 * import { clever } from '@advrob/certification';
 * const analysis = clever({ radius: 5, batches: 50 });
 * ```
 */
export const clever = defineAnalysis({
  name: 'clever',
  summary: 'CLEVER: an estimate of the distance to the nearest other class from the largest gradients around.',
  paper:
    'Weng et al. 2018, Evaluating the Robustness of Neural Networks: An Extreme Value Theory Approach, https://arxiv.org/abs/1801.10578',
  roles: ['model'],
  options: cleverOptions,
  check: ({ threat }, options) => void radiusOf(threat, options),
  async analyze({ models: { model }, data, threat, signal, memo }, options) {
    const radius = radiusOf(threat, options);
    const scores: CleverScore[] = [];
    // Randomness is keyed by the example: no result depends on the others.
    for await (const { x, y, ids } of data.batches({ size: 1 })) {
      stopIfAborted(signal);
      const found = await memo(`clever ${ids[0]!}`, async () => ({
        ...(await scoreOf(model, x, (await y.data())[0]!, ids[0]!, { ...options, radius, norm: threat.norm })),
      })).finally(() => tf.dispose([x, y]));
      scores.push(found);
    }
    const right = scores.map(({ score }) => score).filter((score) => score > 0);
    const median = right.length === 0 ? null : medianOf(right);
    const fallbacks = scores.filter(({ isFallback }) => isFallback).length;
    return {
      scores: scores.map((score) => ({ ...score })),
      median,
      findings: [
        median === null
          ? 'No example was classified rightly, so there is no score.'
          : `The median CLEVER score, an estimate and no bound, is ${median.toPrecision(3)} in ${threat.norm}, within a radius of ${radius}, over ${right.length} rightly classified examples; for ${fallbacks} the fit was rejected and the largest gradient seen stands in.`,
      ],
      tables: [
        {
          id: 'clever',
          title: 'CLEVER scores (estimates)',
          columns: { example: 'Example', score: 'Score', shape: 'Shape of the fit', pValue: 'p of the fit' },
          rows: scores.map(({ score, shape, pValue }, example) => ({ example, score, shape, pValue })),
        },
      ],
    };
  },
});

function radiusOf({ norm, epsilon }: ThreatModel, { radius = epsilon }: CleverOptions): number {
  if (norm === 'l0') throw new AdvrobError('ADVROB_NORM', 'clever needs gradients in linf, l2 or l1, not l0');
  if (!Number.isFinite(radius)) throw new AdvrobError('ADVROB_OPTION', 'clever: give a radius, as epsilon has none');
  return radius;
}

interface Settings extends Omit<CleverOptions, 'radius'> {
  readonly radius: number;
  readonly norm: Norm;
}

async function scoreOf(
  model: Classifier,
  x: Tensor,
  label: number,
  id: number,
  settings: Settings,
): Promise<CleverScore> {
  const logits = tf.tidy(() => model.logits(x));
  const scores = Array.from(await logits.data());
  logits.dispose();
  const lead = (target: number): number => scores[label]! - scores[target]!;
  const others = scores.map((_, target) => target).filter((target) => target !== label);
  const targets = others.sort((a, b) => lead(a) - lead(b)).slice(0, settings.targets);
  if (!(lead(targets[0]!) > 0)) return { score: 0, isFallback: false, shape: null, pValue: null };
  const maxima = await largestGradients(model, x, label, targets, id, settings);
  const found = targets.map((target, i) => {
    const fit = fitReverseWeibull(maxima[i]!);
    const isFallback = fit === undefined || fit.isRejected;
    const steepest = isFallback ? Math.max(...maxima[i]!) : fit.location;
    const score = Math.min(lead(target) / steepest, settings.radius);
    return { score, isFallback, shape: fit?.shape ?? null, pValue: fit?.pValue ?? null };
  });
  return found.reduce((least, each) => (each.score < least.score ? each : least));
}

/** Per target the maxima of batches of gradients. */
async function largestGradients(
  model: Classifier,
  x: Tensor,
  label: number,
  targets: readonly number[],
  id: number,
  { radius, batches, samples, norm }: Settings,
): Promise<number[][]> {
  const threat = createThreat({ norm, epsilon: radius }, model.bounds);
  const maxima = targets.map((): number[] => []);
  for (let batch = 0; batch < batches; batch++) {
    const lanes = Int32Array.from({ length: samples }, (_, i) => batch * samples + i);
    const rng = createRowRandom({ seed: 0, ids: new Int32Array(samples).fill(id), lanes, scope: 'clever' });
    const largest = tf.tidy(() => {
      const points = threat.randomStart(repeatRows(x, samples), rng);
      return targets.map((target) => {
        const difference = (at: Tensor): Tensor => {
          const logits = model.logits(at);
          const column = (k: number): Tensor => tf.slice(logits, [0, k], [samples, 1]);
          return tf.sum(tf.sub(column(label), column(target)));
        };
        return tf.max(dualNorm(flatRows(tf.grad(difference)(points)), norm));
      });
    });
    for (const [i, value] of largest.entries()) maxima[i]!.push((await value.data())[0]!);
    tf.dispose(largest);
  }
  return maxima;
}

/** The norm [n] that bounds what a step of length 1 in `norm` changes. */
function dualNorm(rows: tf.Tensor2D, norm: Norm): Tensor {
  if (norm === 'linf') return tf.sum(tf.abs(rows), 1);
  return norm === 'l1' ? tf.max(tf.abs(rows), 1) : tf.sqrt(tf.sum(tf.square(rows), 1));
}
