import { figure, quantity, type Figure, type Row, type Table } from '@advrob/core/figure';
import { logLogSlope, meanOf } from '@advrob/core/statistics';
import { summarize } from '../measure/statistics.js';
import type { Descent } from '../network/train-to-margin.js';
import type { MeasuredTheory } from '../theory/measure-theory.js';

/** One trained network. */
export type TheoryRun = MeasuredTheory &
  Descent & {
    readonly seed: number;
    readonly initScale: number;
    readonly weightDecay: number;
    /** (1 - eta lambda)^t. */
    readonly factor: number;
  };

export type TheoryReport = {
  readonly runs: readonly TheoryRun[];
  /**
   * Share of points below the lower and above the upper bound of the orthogonal gradient; each may
   * be exp(-l / 16) (P3, P5, P6).
   */
  readonly violations: { readonly below: number; readonly above: number; readonly allowed: number };
  /** Per seed, over the scales of initialisation: 1 and -1 by P5. Null with a single scale. */
  readonly slopes: readonly { readonly seed: number; readonly gradient: number | null; readonly flip: number | null }[];
  /**
   * Per run with weight decay: the mean orthogonal gradient over that of the seed's run without,
   * and what P6 says.
   */
  readonly decay: readonly {
    readonly seed: number;
    readonly weightDecay: number;
    readonly measured: number;
    readonly predicted: number;
  }[];
  readonly findings: readonly string[];
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
};

/** Puts the runs together. */
export function theoryReport(
  { complement, seeds }: { readonly complement: number; readonly seeds: number },
  runs: readonly TheoryRun[],
): TheoryReport {
  const points = runs.flatMap((run) => run.points);
  const plain = runs.filter(({ weightDecay }) => weightDecay === 0);
  const ofSeed = (seed: number): TheoryRun[] => plain.filter((run) => run.seed === seed);
  const table = armTable(runs);
  const report = {
    violations: {
      below: shareOf(points, ({ gradient, lower }) => gradient < lower),
      above: shareOf(points, ({ gradient, upper }) => gradient > upper),
      allowed: Math.exp(-complement / 16),
    },
    slopes: Array.from({ length: seeds }, (_, seed) => ({
      seed,
      gradient: logLogSlope(ofSeed(seed).map((run) => [run.initScale, meanGradient(run)] as const)),
      flip: logLogSlope(
        ofSeed(seed).flatMap((run) => {
          const { median } = summarize(run.points.map(({ flip }) => flip));
          return median === null ? [] : [[run.initScale, median] as const];
        }),
      ),
    })),
    decay: runs.flatMap((run) => {
      const reference = plain.find(({ seed, initScale }) => seed === run.seed && initScale === run.initScale);
      if (run.weightDecay === 0 || !reference) return [];
      const { seed, weightDecay, factor } = run;
      return [{ seed, weightDecay, measured: meanGradient(run) / meanGradient(reference), predicted: factor }];
    }),
  };
  return {
    runs,
    ...report,
    findings: sentences(report),
    tables: [table],
    figures: [sweepFigure(plain)],
  };
}

function sentences({ slopes, violations }: Pick<TheoryReport, 'slopes' | 'violations'>): string[] {
  const mean = (key: 'gradient' | 'flip'): string => {
    const values = slopes.flatMap((slope) => slope[key] ?? []);
    return values.length === 0 ? 'undefined' : meanOf(values).toFixed(2);
  };
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  return [
    `${percent(violations.below)} of the points have an orthogonal gradient below its lower bound and ${percent(violations.above)} above its upper; ${percent(violations.allowed)} may.`,
    `Over the scale of initialisation the orthogonal gradient has slope ${mean('gradient')} (theory: 1), the flip distance ${mean('flip')} (theory: -1).`,
  ];
}

function armTable(runs: readonly TheoryRun[]): Table {
  const rows = runs.map((run): Row => {
    const { seed, initScale, weightDecay, steps, margin, frozenChange } = run;
    const flips = summarize(run.points.map(({ flip }) => flip));
    return {
      seed,
      initScale,
      weightDecay,
      steps,
      margin,
      frozenChange,
      gradient: meanGradient(run),
      lower: meanOf(run.points.map(({ lower }) => lower)),
      upper: meanOf(run.points.map(({ upper }) => upper)),
      predictedFlip: summarize(run.points.map(({ predictedFlip }) => predictedFlip)).median,
      flip: flips.median,
      universal: shareOf(run.points, ({ universalFlip }) => universalFlip !== null),
    };
  });
  return {
    id: 'subspace-theory',
    title: 'Gradients and flip distances orthogonal to the data',
    columns: {
      seed: 'Seed',
      initScale: 'Scale b',
      weightDecay: 'Weight decay',
      steps: 'Steps',
      margin: 'Margin',
      frozenChange: 'Largest change of w^M',
      gradient: 'Mean orthogonal gradient',
      lower: 'Lower bound',
      upper: 'Upper bound',
      predictedFlip: 'Median |N| / gradient',
      flip: 'Median flip distance',
      universal: 'Flipped by the universal direction',
    },
    rows,
  };
}

function sweepFigure(plain: readonly TheoryRun[]): Figure {
  const rows = plain.flatMap((run): Row[] =>
    run.points.map(({ gradient, lower, upper, flip }) => ({ initScale: run.initScale, gradient, lower, upper, flip })),
  );
  const log = { type: 'log' };
  const x = quantity('initScale', 'Scale b of the initial weights', log);
  return figure(
    {
      id: 'orthogonal-gradient-over-scale',
      title: 'Orthogonal gradient over the scale of initialisation',
      columns: {
        initScale: 'Scale b',
        gradient: 'Orthogonal gradient',
        lower: 'Lower bound',
        upper: 'Upper bound',
        flip: 'Flip distance',
      },
      rows,
    },
    {
      caption:
        'Norm of the gradient of N orthogonal to the data at every training point, between its bounds. It grows in proportion to the initial weights, and training does not change it.',
      alt: 'Points along a line of slope 1 on logarithmic axes, inside a band.',
    },
    {
      layer: [
        {
          mark: { type: 'area', opacity: 0.2 },
          encoding: {
            x,
            y: { ...quantity('lower', 'Orthogonal gradient', log), aggregate: 'min' },
            y2: { field: 'upper', aggregate: 'max' },
          },
        },
        { mark: { type: 'point', opacity: 0.5 }, encoding: { x, y: quantity('gradient', 'Orthogonal gradient', log) } },
      ],
    },
  );
}

function meanGradient({ points }: TheoryRun): number {
  return meanOf(points.map(({ gradient }) => gradient));
}

function shareOf<T>(values: readonly T[], holds: (value: T) => boolean): number {
  return values.length === 0 ? 0 : values.filter(holds).length / values.length;
}
