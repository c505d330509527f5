import { defineAnalysis, type AnalysisContext } from '@advrob/core';
import { twoLayer } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { subspacePoints } from '@advrob/datasets';
import { trainTwoLayer } from '../network/train-two-layer.js';
import { shrinkage } from '../theory/bounds.js';
import { measureTheory } from '../theory/measure-theory.js';
import { theoryReport, type TheoryRun } from './theory-report.js';

const options = z.strictObject({
  size: z.int().min(2).default(60).describe('values of one input, d'),
  complement: z.int().min(1).default(30).describe('dimension l orthogonal to the data'),
  width: z.int().min(1).default(400).describe('hidden units m'),
  count: z.int().min(2).default(20).describe('training points n'),
  rotated: z.boolean().default(false).describe('whether the subspace is rotated at random; false: spanned by axes'),
  initScales: z
    .array(z.number().positive())
    .min(1)
    .default([1, 1 / 3, 1 / 10, 1 / 30, 1 / 100])
    .describe('factors b on the initial first layer, without weight decay'),
  weightDecays: z
    .array(z.number().positive())
    .default([3e-4, 1e-3])
    .describe('at the usual initialisation, for decaySteps steps'),
  decaySteps: z.int().min(1).default(3000).describe('steps of every run with weight decay'),
  learningRate: z.number().positive().default(1),
  stopMargin: z.number().positive().default(0.3).describe('runs without weight decay stop at this margin'),
  maxSteps: z.int().min(1).default(20_000),
  seeds: z.int().min(1).default(3).describe('seeds 0 to seeds - 1, of points and initial weights'),
});
type Options = z.output<typeof options>;

/**
 * The theory of Melamed, Yehudai and Vardi 2023 (https://arxiv.org/abs/2303.00783) on its own
 * network and data: trains a two-layer ReLU network without biases and with a fixed second layer on
 * points of a subspace, over scales of initialisation and strengths of weight decay, and measures
 * P1, P3 to P6 at every point. Slopes: the orthogonal gradient over the scale (P5: 1), the flip
 * distance over the scale (-1), and what weight decay leaves over what P6 says (1).
 *
 * Takes no models and no data. Options with defaults: see the schema; those are the setting of the
 * paper's theory at small size.
 */
export const theory = defineAnalysis({
  name: 'subspace-theory',
  summary:
    'Bounds of gradients and flip distances orthogonal to the data, checked at every point over initialisations.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783',
  roles: [],
  options,
  async analyze(context, given) {
    const arms = [
      ...given.initScales.map((initScale) => ({ initScale, weightDecay: 0 })),
      ...given.weightDecays.map((weightDecay) => ({ initScale: 1, weightDecay })),
    ];
    const runs: TheoryRun[] = [];
    for (let seed = 0; seed < given.seeds; seed++)
      for (const arm of arms)
        runs.push(
          await context.memo(`seed ${seed}, scale ${arm.initScale}, decay ${arm.weightDecay}`, () =>
            runArm(context, given, arm, seed),
          ),
        );
    return theoryReport(given, runs);
  },
});

async function runArm(
  { signal }: AnalysisContext<never>,
  given: Options,
  { initScale, weightDecay }: { readonly initScale: number; readonly weightDecay: number },
  seed: number,
): Promise<TheoryRun> {
  const { size, complement, width, count, rotated, learningRate, stopMargin } = given;
  const points = await subspacePoints({ size, complement, count, rotated, seed });
  const reach = 10 * Math.sqrt(size);
  const bounds: [number, number] = [-reach, reach];
  const model = twoLayer({ inputShape: [size], width, bias: false, secondLayer: 'fixed', initScale, bounds })(seed);
  const x = tf.tensor2d(points.inputs, [count, size]);
  const initial = tf.clone(model.weights['fc1.weight'] as unknown as Tensor);
  try {
    const stop =
      weightDecay > 0 ? { stopMargin: Infinity, maxSteps: given.decaySteps } : { stopMargin, maxSteps: given.maxSteps };
    const descent = await trainTwoLayer(model, points, {
      learningRate,
      weightDecay,
      ...stop,
      signal,
    });
    const factor = shrinkage({ learningRate, weightDecay, steps: descent.steps });
    const deviation = initScale / Math.sqrt(size);
    const measured = await measureTheory(model, { initial, subspace: points.subspace, x, deviation, factor });
    return { seed, initScale, weightDecay, ...descent, factor, ...measured };
  } finally {
    tf.dispose([x, initial]);
    model.dispose?.();
  }
}
