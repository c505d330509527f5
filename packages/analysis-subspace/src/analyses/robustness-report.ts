import { figure, quantity, type Figure, type Table } from '@advrob/core/figure';
import { meanOf } from '@advrob/core/statistics';
import { summarize, type Summary } from '../measure/statistics.js';

/** What was measured at one example. */
export type ExamplePoint = {
  readonly label: number;
  readonly prediction: number;
  /** Lead of the predicted class over the next one. */
  readonly lead: number;
  /** Gradient norms of the lead. */
  readonly orthogonal: number;
  readonly along: number;
  /** Flip distance along the orthogonal gradient; null beyond the limit. */
  readonly flip: number | null;
  /** Whether it flips inside the model's bounds. */
  readonly isInside: boolean;
};

export type RobustnessReport = {
  readonly subspace: {
    readonly kind: string;
    readonly size: number;
    readonly dimension: number;
    readonly complement: number;
  };
  readonly accuracy: number;
  readonly orthogonal: Summary;
  readonly along: Summary;
  /**
   * Mean share of the squared gradient that is orthogonal; l / d for a gradient that points
   * anywhere.
   */
  readonly orthogonalShare: number;
  readonly expectedShare: number;
  /** |lead| / orthogonal gradient: the flip distance of a linear model (P4). */
  readonly predictedFlip: Summary;
  readonly flip: Summary;
  /** Share of examples that flip inside the bounds. */
  readonly insideShare: number;
  readonly universal: readonly (Summary & { readonly label: number })[];
  readonly findings: readonly string[];
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
};

/** Puts the examples together. */
export function robustnessReport(
  subspace: RobustnessReport['subspace'],
  examples: readonly ExamplePoint[],
  universalFlips: readonly { readonly label: number; readonly flips: readonly (number | null)[] }[],
): RobustnessReport {
  const shares = examples.map(({ orthogonal, along }) => {
    const [away, inside] = [orthogonal ** 2, along ** 2];
    return away + inside > 0 ? away / (away + inside) : 0;
  });
  const orthogonal = summarize(examples.map((example) => example.orthogonal));
  const along = summarize(examples.map((example) => example.along));
  const predictedFlip = summarize(
    examples.map((example) => (example.orthogonal > 0 ? example.lead / example.orthogonal : null)),
  );
  const flip = summarize(examples.map((example) => example.flip));
  const universal = universalFlips.map(({ label, flips }) => ({ ...summarize(flips), label }));
  const rows = Object.entries({
    'gradient orthogonal to the data': orthogonal,
    'gradient along the data': along,
    'lead / orthogonal gradient': predictedFlip,
    'flip distance': flip,
    ...Object.fromEntries(universal.map((one) => [`flip distance, universal direction of class ${one.label}`, one])),
  }).map(([what, { count, share, min, median, mean }]) => ({ what, count, share, min, median, mean }));
  return {
    subspace,
    accuracy: meanOf(examples.map(({ label, prediction }) => Number(label === prediction))),
    orthogonal,
    along,
    orthogonalShare: meanOf(shares),
    expectedShare: subspace.complement / subspace.size,
    predictedFlip,
    flip,
    insideShare: meanOf(examples.map(({ isInside }) => Number(isInside))),
    universal,
    findings: [
      `Of the squared gradient ${(100 * meanOf(shares)).toFixed(1)}% are orthogonal to the ${subspace.dimension} dimensions that the data take of ${subspace.size}.`,
      flip.median === null
        ? 'Along the orthogonal gradient most predictions do not flip within the limit.'
        : `Along the orthogonal gradient the median prediction flips at distance ${flip.median.toPrecision(3)}.`,
    ],
    tables: [
      {
        id: 'orthogonal-robustness',
        title: 'Orthogonal to the data',
        columns: {
          what: 'Measure',
          count: 'Examples',
          share: 'Share within the limit',
          min: 'Least',
          median: 'Median',
          mean: 'Mean',
        },
        rows,
      },
    ],
    figures: [flipFigure(examples)],
  };
}

function flipFigure(examples: readonly ExamplePoint[]): Figure {
  const rows = examples.flatMap(({ prediction, lead, orthogonal, flip }) =>
    flip === null || orthogonal === 0 ? [] : [{ prediction, predicted: lead / orthogonal, flip }],
  );
  const log = { type: 'log' };
  return figure(
    {
      id: 'flip-distance',
      title: 'Flip distance orthogonal to the data',
      columns: { prediction: 'Predicted class', predicted: 'Lead / gradient', flip: 'Flip distance' },
      rows,
    },
    {
      caption:
        'Distance at which the prediction changes along the orthogonal gradient, against the distance of a model that were linear there. Points on the line of equal distances: activations hardly change on the way.',
      alt: 'Scatter of found against predicted flip distances on logarithmic axes.',
    },
    {
      mark: 'point',
      encoding: {
        x: quantity('predicted', 'Lead / orthogonal gradient', log),
        y: quantity('flip', 'Flip distance', log),
      },
    },
  );
}
