import { figure, type Figure } from '@advrob/core/figure';
import type { Share } from '../distillation/margin-robustness.js';

/** A model or student with its worst-case robust accuracy. */
export interface StudentBar {
  readonly arm: string;
  readonly points: readonly { readonly epsilon: number; readonly worst: Share }[];
}

/** Bars of worst-case robust accuracy per manipulation, epsilons below each other. */
export function studentBars(students: readonly StudentBar[]): Figure {
  const rows = students.flatMap(({ arm, points }) =>
    points.map(({ epsilon, worst }) => ({
      arm: shortName(arm),
      epsilon: `epsilon ${Number(epsilon.toPrecision(3))}`,
      robust: worst.rate,
      low: worst.interval[0],
      high: worst.interval[1],
    })),
  );
  const y = {
    field: 'arm',
    type: 'nominal',
    sort: students.map(({ arm }) => shortName(arm)),
    axis: { title: null, labelLimit: 360 },
  };
  const share = { type: 'quantitative', scale: { domain: [0, 1] }, axis: { title: 'Robust accuracy', format: '%' } };
  const best = students.map(({ arm, points }) => `${arm} ${(100 * points.at(-1)!.worst.rate).toFixed(1)}%`);
  return figure(
    {
      id: 'student-robustness',
      title: 'Robust accuracy of students of manipulated logits',
      columns: {
        arm: 'Model',
        epsilon: 'Epsilon',
        robust: 'Robust accuracy',
        low: 'Interval low',
        high: 'Interval high',
      },
      rows,
    },
    {
      caption: `Worst case over PGD on cross-entropy and PGD on the margin; lines are Wilson 95% intervals over the test examples. The first bars are the teachers. ${students
        .map(({ arm }) => arm)
        .filter((arm) => arm.includes(': '))
        .join('; ')}.`,
      alt: `Bars of robust accuracy at the largest epsilon: ${best.join(', ')}.`,
    },
    {
      width: 560,
      height: 260,
      facet: {
        row: { field: 'epsilon', type: 'nominal', title: null, sort: [...new Set(rows.map(({ epsilon }) => epsilon))] },
      },
      spec: {
        width: 560,
        height: { step: 16 },
        layer: [
          { mark: 'bar', encoding: { y, x: { field: 'robust', ...share } } },
          { mark: 'rule', encoding: { y, x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } } },
        ],
      },
    },
  );
}

/** `M3` of `M3: max and runner-up kept, ...`, which the caption says. */
function shortName(arm: string): string {
  return arm.split(': ')[0]!;
}
