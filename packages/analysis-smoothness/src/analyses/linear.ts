import { defineAnalysis } from '@advrob/core';
import * as z from 'zod';
import { figure, quantity, type Figure } from '@advrob/core/figure';
import { linearRatio, type LinearRatio } from '../probes/linear-ratio.js';
import { logLogSlope } from '@advrob/core/statistics';

const options = z.strictObject({
  size: z.int().min(2).default(50).describe('values of one input, d'),
  count: z.int().min(1).default(200).describe('examples'),
  pairs: z.int().min(1).default(200).describe('pairs of weights for each step length'),
  lengths: z.array(z.number().positive()).min(2).default([1e-1, 1e-2, 1e-3, 1e-4]).describe('step lengths h'),
  seed: z.int().min(0).default(0),
});

export type LinearReport = {
  readonly ratios: readonly LinearRatio[];
  /** Log-log slope of the mean R over h: 0 for `none` and `l2` (T3), -1 for `linf` (T4). */
  readonly slopes: Readonly<Record<'none' | 'l2' | 'linf', number | null>>;
  readonly findings: readonly string[];
  readonly figures: readonly Figure[];
};

/**
 * The binary linear model under optimal attacks, in closed form: R(h), the change of the gradient
 * over the step, does not depend on h under L2 and grows as 1 / h under Linf where a coordinate of
 * the weights is near 0 (Kanai et al. 2021, https://arxiv.org/abs/2103.01400, claim 2; T3 and T4 of
 * this package's README). Takes no models and no data; in float64, the same on every backend.
 */
export const linear = defineAnalysis({
  name: 'linear-smoothness',
  summary: 'Closed-form smoothness of the adversarial loss of the linear model, in L2 and Linf.',
  paper: 'Kanai et al. 2021, Smoothness Analysis of Adversarial Training, https://arxiv.org/abs/2103.01400',
  roles: [],
  options,
  async analyze({ memo }, given): Promise<LinearReport> {
    const ratios = await memo('ratios', () => linearRatio(given));
    const slope = (name: LinearRatio['adversary']): number | null =>
      logLogSlope(
        ratios.filter(({ adversary }) => adversary === name).map(({ length, mean }) => [length, mean] as const),
      );
    const slopes = { none: slope('none'), l2: slope('l2'), linf: slope('linf') };
    const words = Object.entries(slopes).map(
      ([name, value]) => `${name} ${value === null ? 'undefined' : (Math.round(100 * value) / 100 + 0).toFixed(2)}`,
    );
    return {
      ratios,
      slopes,
      findings: [
        `Log-log slopes of the change of the gradient over the step: ${words.join(', ')}; 0 where the loss is smooth, towards -1 where it jumps.`,
      ],
      figures: [draw(ratios)],
    };
  },
});

function draw(ratios: readonly LinearRatio[]): Figure {
  const log = { type: 'log' };
  return figure(
    {
      id: 'linear-gradient-change',
      title: 'Change of the gradient of the linear model over the length of the step',
      columns: { adversary: 'Adversary', length: 'h', mean: 'Mean change of the gradient / h', max: 'Largest' },
      rows: ratios,
    },
    {
      caption:
        'Under L2 the change of the gradient is in proportion to the step, under Linf it is not: where a weight changes its sign the gradient jumps.',
      alt: 'Three lines on logarithmic axes: clean and L2 level, Linf rising as the step shrinks.',
    },
    {
      mark: { type: 'line', point: true },
      encoding: {
        x: quantity('length', 'Step h', log),
        y: quantity('mean', 'Change of the gradient / h', log),
        color: { field: 'adversary', type: 'nominal', title: 'Adversary' },
      },
    },
  );
}
