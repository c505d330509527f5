import type { Points } from '@advrob/datasets';
import { figure, quantity } from '@advrob/core/figure';
import type { Figure, Row, Table } from '@advrob/core/figure';
import { meanOf } from '@advrob/core/statistics';
import { summarize } from '../measure/statistics.js';
import type { Height, Segment } from '../measure/boundary-lines.js';
import type { Descent } from '../network/train-to-margin.js';

/** One trained network. */
export type BoundaryRun = Descent & {
  readonly seed: number;
  readonly arm: string;
  readonly initScale: number;
  readonly weightDecay: number;
  /** On the training points. */
  readonly accuracy: number;
  /** ||grad^M|| at each point. */
  readonly gradients: readonly number[];
  /** Distance to the boundary at each point along the normal of the data, cut off at the limit. */
  readonly ahead: readonly number[];
  /** The same against it. */
  readonly behind: readonly number[];
  /** The boundary, for the first seed: pieces of a line, or heights over a plane. */
  readonly drawing: readonly (Segment | Height)[];
};

export type BoundaryReport = {
  readonly runs: readonly BoundaryRun[];
  /** Of every run: flip distances of the points, to the nearer side. */
  readonly flips: readonly {
    readonly seed: number;
    readonly arm: string;
    readonly median: number | null;
    readonly min: number | null;
  }[];
  readonly findings: readonly string[];
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
};

/** Puts the runs together. */
export function boundaryReport(
  experiment: 'diagonal' | 'chess',
  points: Points,
  runs: readonly BoundaryRun[],
): BoundaryReport {
  const flips = runs.map(({ seed, arm, ahead, behind }) => {
    const { median, min } = summarize(ahead.map((distance, i) => Math.min(distance, behind[i]!)));
    return { seed, arm, median, min };
  });
  const rows = runs.map(({ seed, arm, initScale, weightDecay, steps, margin, accuracy, gradients }, i): Row => {
    const { median, min } = flips[i]!;
    const gradient = summarize(gradients).median;
    return { seed, arm, initScale, weightDecay, steps, margin, accuracy, gradient, median, min };
  });
  const columns = {
    seed: 'Seed',
    arm: 'Arm',
    initScale: 'Scale of initialisation',
    weightDecay: 'Weight decay',
    steps: 'Steps',
    margin: 'Margin',
    accuracy: 'Accuracy',
    gradient: 'Median orthogonal gradient',
    median: 'Median flip distance',
    min: 'Least flip distance',
  };
  const table = {
    id: `subspace-${experiment}`,
    title: `Flip distances orthogonal to the data, ${experiment}`,
    columns,
    rows,
  };
  const first = runs.filter(({ seed }) => seed === 0);
  const draw = experiment === 'diagonal' ? linesFigure : heightFigure;
  return { runs, flips, findings: sentences(flips), tables: [table], figures: [draw(first, points)] };
}

/** Per arm the median flip distance, averaged over the seeds. */
function sentences(flips: BoundaryReport['flips']): string[] {
  const arms = [...new Set(flips.map(({ arm }) => arm))];
  const means = arms.map((arm) => {
    const medians = flips.flatMap((flip) => (flip.arm === arm && flip.median !== null ? [flip.median] : []));
    return `${arm} ${medians.length === 0 ? 'not reached' : meanOf(medians).toPrecision(3)}`;
  });
  return [`Median distance of the decision boundary from the points, orthogonal to the data: ${means.join(', ')}.`];
}

function linesFigure(runs: readonly BoundaryRun[], { inputs, labels }: Points): Figure {
  const pieces = runs.flatMap(({ arm, drawing }) => drawing.map((piece) => ({ arm, ...piece })));
  const dots = runs.flatMap(({ arm }) =>
    Array.from(labels, (label, i): Row => ({ arm, x: inputs[2 * i]!, y: inputs[2 * i + 1]!, label })),
  );
  const scale = { domain: [-1.2, 1.2] };
  const axis = { values: [-1, -0.5, 0, 0.5, 1] };
  const x = { ...quantity('x', 'First input', scale), axis };
  const y = { ...quantity('y', 'Second input', scale), axis };
  return figure(
    {
      id: 'diagonal-boundary',
      title: 'Decision boundary around points on the diagonal',
      columns: { arm: 'Arm', x: 'From x', y: 'From y', x2: 'To x', y2: 'To y', label: 'Label of a point' },
      rows: [...pieces, ...dots],
    },
    {
      caption:
        'Where the network changes its decision, and the training points. With normal initialisation the boundary winds about the points, so that a short step off the diagonal crosses it; with small initialisation or weight decay it runs more nearly at right angles to the diagonal.',
      alt: 'One panel for each arm with the boundary as lines and seven points on the diagonal.',
    },
    {
      facet: { column: { field: 'arm', type: 'nominal', title: null, sort: null } },
      spec: {
        width: 260,
        height: 260,
        layer: [
          {
            transform: [{ filter: { field: 'x2', valid: true } }],
            mark: 'rule',
            encoding: { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } },
          },
          {
            transform: [{ filter: { field: 'label', valid: true } }],
            mark: { type: 'point', filled: true, size: 60 },
            encoding: {
              x,
              y,
              color: { field: 'label', type: 'nominal', title: 'Label' },
              shape: { field: 'label', type: 'nominal', title: 'Label' },
            },
          },
        ],
      },
    },
  );
}

function heightFigure(runs: readonly BoundaryRun[]): Figure {
  const rows = runs.flatMap(({ arm, drawing }) => drawing.map((cell) => ({ arm, ...cell })));
  return figure(
    {
      id: 'chess-boundary-height',
      title: 'Distance of the decision boundary from the plane of the data',
      columns: { arm: 'Arm', x: 'First input', y: 'Second input', height: 'Distance to the boundary' },
      rows,
    },
    {
      caption:
        'How far one must leave the plane of the data, at right angles to it and to the nearer side, until the decision changes; distances of 0.5 and more count as 0.5. With normal initialisation the boundary lies close to the plane.',
      alt: 'One heat map for each arm over the unit square.',
    },
    {
      facet: { column: { field: 'arm', type: 'nominal', title: null, sort: null } },
      spec: {
        width: 260,
        height: 260,
        mark: 'rect',
        encoding: {
          x: { field: 'x', type: 'ordinal', title: 'First input', axis: { labels: false, ticks: false } },
          y: {
            field: 'y',
            type: 'ordinal',
            title: 'Second input',
            sort: 'descending',
            axis: { labels: false, ticks: false },
          },
          color: quantity('height', 'Distance', { domain: [0, 0.5] }),
        },
      },
    },
  );
}
