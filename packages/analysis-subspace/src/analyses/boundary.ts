import { defineAnalysis } from '@advrob/core';
import type { AnalysisContext } from '@advrob/core';
import { twoLayer } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { boundaryLines, heightMap } from '../measure/boundary-lines.js';
import { flipsOnBothSides } from '../measure/flip-distance.js';
import { orthogonalGradient } from '../measure/orthogonal-gradient.js';
import { trainTwoLayer } from '../network/train-two-layer.js';
import { boundaryReport } from './boundary-report.js';
import type { BoundaryRun } from './boundary-report.js';
import { boundarySettings } from './boundary-setting.js';
import type { Arm } from './boundary-setting.js';

const options = z.strictObject({
  experiment: z.enum(['diagonal', 'chess']).default('diagonal').describe('Figure 2 or Figure 3'),
  arms: z
    .array(
      z.strictObject({
        name: z.string(),
        initScale: z.number().positive().default(1).describe('factor on the initial matrices; 1 / factor of the paper'),
        weightDecay: z.number().min(0).default(0).describe('of all parameters'),
      }),
    )
    .min(1)
    .optional()
    .describe('default: normal, small initialisation (1/2, chess 1/1.5), weight decay (3e-3, chess 3e-4)'),
  seeds: z.int().min(1).default(3).describe('seeds 0 to seeds - 1, of initial weights'),
  stopMargin: z.number().positive().default(0.3),
  maxSteps: z.int().min(1).optional().describe('default 40,000; chess 100,000'),
  limit: z.number().positive().default(5).describe('flip distances are cut off here'),
  cells: z.int().min(2).default(80).describe('cells of the figure along each axis; chess has a third as many'),
});
type Options = z.output<typeof options>;

/**
 * Figures 2 and 3 of Melamed, Yehudai and Vardi 2023 (https://arxiv.org/abs/2303.00783): two-layer
 * networks with both layers trained on points of the plane's diagonal, or on a chessboard in space,
 * by full-batch gradient descent to a margin. How far from the points, orthogonal to the data, is
 * the decision boundary with normal initialisation, small initialisation and weight decay? With the
 * figures' boundaries, of the first seed.
 *
 * Takes no models and no data.
 */
export const boundary = defineAnalysis({
  name: 'subspace-boundary',
  summary: 'Decision boundaries around data on a line or plane, by initialisation and weight decay.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783, Figures 2 and 3',
  roles: [],
  options,
  async analyze(context, given) {
    const arms: readonly Arm[] = given.arms ?? boundarySettings[given.experiment].arms;
    const runs: BoundaryRun[] = [];
    for (let seed = 0; seed < given.seeds; seed++)
      for (const arm of arms)
        runs.push(
          await context.memo(`${given.experiment}, seed ${seed}, ${arm.name}`, () => runArm(context, given, arm, seed)),
        );
    return boundaryReport(given.experiment, boundarySettings[given.experiment].points, runs);
  },
});

async function runArm(
  { signal }: AnalysisContext<never>,
  { experiment, stopMargin, maxSteps, limit, cells }: Options,
  { name, initScale, weightDecay }: Arm,
  seed: number,
): Promise<BoundaryRun> {
  const { points, subspace, normal, width, initializer, learningRate, ...setting } = boundarySettings[experiment];
  const { size, inputs, labels } = points;
  const model = twoLayer({ inputShape: [size], width, initializer, initScale, bounds: [-10, 10] })(seed);
  const x = tf.tensor2d(inputs, [labels.length, size]);
  try {
    const descent = await trainTwoLayer(model, points, {
      learningRate,
      weightDecay,
      stopMargin,
      maxSteps: maxSteps ?? setting.maxSteps,
      signal,
    });
    const found = orthogonalGradient(model, subspace, x);
    const [gradients, predictions] = await Promise.all([found.orthogonal.data(), found.prediction.data()]);
    tf.dispose({ ...found });
    const drawing =
      seed > 0
        ? []
        : experiment === 'diagonal'
          ? await boundaryLines(model, [-1.2, 1.2], cells)
          : await heightMap(model, Math.ceil(cells / 3));
    return {
      seed,
      arm: name,
      initScale,
      weightDecay,
      ...descent,
      accuracy: labels.filter((label, i) => label === predictions[i]).length / labels.length,
      gradients: Array.from(gradients),
      ...(await flipsOnBothSides(model, x, normal, { limit, first: limit / 1000, ratio: 1.03 })),
      drawing,
    };
  } finally {
    x.dispose();
    model.dispose?.();
  }
}
