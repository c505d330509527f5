import { defineAnalysis } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as z from 'zod';
import { figure, quantity, type Figure } from '@advrob/core/figure';
import { probeExamples } from '../probes/examples.js';
import { lossSurface, type SurfacePoint } from '../probes/loss-surface.js';
import { checkProbed } from '../probes/weight-vector.js';
import { attackOption, attackOr } from './adversary-option.js';

const options = z.strictObject({
  attack: attackOption,
  adversary: z
    .enum(['frozen', 'on-the-fly', 'none'])
    .default('on-the-fly')
    .describe('examples attacked once at the centre, anew at every point, or clean'),
  axes: z
    .union([z.literal(1), z.literal(2)])
    .default(2)
    .describe('a curve or a surface'),
  points: z
    .int()
    .min(3)
    .refine((value) => value % 2 === 1, 'must be odd, so that the centre is among them')
    .default(11)
    .describe('along each axis'),
  reach: z.number().positive().default(1).describe('half the extent, in lengths of each filter'),
  examples: z.int().min(1).default(128),
  batchSize: z.int().min(1).default(128),
  seed: z.int().min(0).default(0).describe('of directions and attack'),
});

export type SurfaceReport = {
  readonly adversary: 'frozen' | 'on-the-fly' | 'none';
  readonly points: readonly SurfacePoint[];
  /** Loss at the weights themselves. */
  readonly centre: number;
  /** Largest loss of the curve or surface over that of the centre. */
  readonly rise: number;
  readonly findings: readonly string[];
  readonly figures: readonly Figure[];
};

/**
 * F1 and K5: the loss around the weights of a classifier along one or two filter-normalised random
 * directions (Li et al. 2018, https://arxiv.org/abs/1712.09913), with adversarial examples frozen
 * or made anew at every point (as Wu, Xia, Wang 2020 do): compare only surfaces of one kind, the
 * result names it.
 *
 * Options: `adversary` 'on-the-fly', `axes` 2, `points` 11, `reach` 1, `attack` (bim), `examples`
 * 128, `batchSize` 128, `seed` 0.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for a model without weights, `ADVROB_DATASET` for data
 *   that do not fit.
 */
export const surface = defineAnalysis({
  name: 'loss-surface',
  summary: 'The loss around the weights along filter-normalised random directions.',
  paper: 'Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, https://arxiv.org/abs/1712.09913',
  roles: ['model'],
  options,
  check(subject, { adversary }) {
    checkProbed("analysis 'loss-surface'", subject, adversary !== 'none');
  },
  async analyze({ models: { model }, data, threat, signal, memo }, given): Promise<SurfaceReport> {
    const { adversary: kind, axes, points: count, reach, seed } = given;
    const points = await memo(`${kind}, ${axes}`, async () => {
      const { examples: wanted, batchSize } = given;
      const examples = await probeExamples("analysis 'loss-surface'", model, data, { count: wanted, batchSize });
      const adversary = { attack: attackOr(given.attack), threat, seed };
      return lossSurface(model, examples, {
        ...(kind !== 'none' && { adversary }),
        examplesAre: kind === 'on-the-fly' ? kind : 'frozen',
        axes,
        points: count,
        reach,
        random: createRandom({ seed }),
        signal,
      }).finally(() => examples.dispose());
    });
    const centre = points[Math.floor(points.length / 2)]!.loss;
    const rise = Math.max(...points.map(({ loss }) => loss)) - centre;
    const findings = [
      `At the weights the loss is ${centre.toPrecision(3)}; within ${reach} ${reach === 1 ? 'length' : 'lengths'} of each filter it rises by up to ${rise.toPrecision(3)}.`,
    ];
    return { adversary: kind, points, centre, rise, findings, figures: [draw(points, axes, kind)] };
  },
});

function draw(points: readonly SurfacePoint[], axes: 1 | 2, kind: SurfaceReport['adversary']): Figure {
  const examples = {
    frozen: 'adversarial examples of the centre',
    'on-the-fly': 'adversarial examples made at each point',
    none: 'clean examples',
  };
  const table = {
    id: `loss-surface-${kind}`,
    title: `Loss around the weights, ${examples[kind]}`,
    columns: { a: 'Along the first direction', b: 'Along the second direction', loss: 'Mean cross-entropy' },
    rows: points,
  };
  const text = {
    caption: `Mean cross-entropy on ${examples[kind]} when the weights move along random directions, in lengths of each filter. The weights themselves are at 0.`,
    alt:
      axes === 1
        ? 'A curve of the loss with the centre at 0.'
        : 'A heat map of the loss with the centre in the middle.',
  };
  if (axes === 1)
    return figure(table, text, {
      mark: { type: 'line', point: true },
      encoding: { x: quantity('a', 'Along the direction'), y: quantity('loss', 'Mean cross-entropy') },
    });
  return figure(table, text, {
    width: 400,
    height: 400,
    mark: 'rect',
    encoding: {
      x: { field: 'a', type: 'ordinal', title: 'Along the first direction', axis: { format: '.3~g' } },
      y: {
        field: 'b',
        type: 'ordinal',
        title: 'Along the second direction',
        sort: 'descending',
        axis: { format: '.3~g' },
      },
      color: quantity('loss', 'Mean cross-entropy'),
    },
  });
}
