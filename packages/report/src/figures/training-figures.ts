import type { TrainingCurve } from '@advrob/evaluation';
import type { TopLevelSpec } from 'vega-lite';
import type { Subject } from '../subjects.js';
import type { DataRow, Figure, Width } from './figure.js';
import { dash, figureWidth, modelColour, pageSpec, shareAxis } from './theme.js';

interface Kind {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly axis: string;
  readonly isShare: boolean;
  takes(curve: TrainingCurve): boolean;
}

const kinds: readonly Kind[] = [
  {
    id: 'training-loss',
    title: 'Training loss',
    caption:
      'Loss that each model minimises, on its training batches. Losses of different objectives are not comparable; their course is.',
    axis: 'Loss',
    isShare: false,
    takes: ({ on, kind, name }) => on === 'training' && kind === 'loss' && name === 'total',
  },
  {
    id: 'validation-accuracy',
    title: 'Accuracy on validation data while training',
    caption:
      'Share of validation examples that are classified rightly as training proceeds. Validation examples are neither trained on nor tested on.',
    axis: 'Accuracy',
    isShare: true,
    takes: ({ on, kind }) => on === 'validation' && kind === 'accuracy',
  },
];

/** Curves of training, for the models whose training is in the records. */
export function trainingFigures(subjects: readonly Subject[]): Figure[] {
  return kinds.flatMap((kind) => {
    const rows = subjects.flatMap(({ name, model }) =>
      (model.training?.curves ?? [])
        .filter(kind.takes)
        .flatMap((curve) =>
          curve.points.map(([step, value]): DataRow => ({ model: name, measure: curve.name, step, value })),
        ),
    );
    // A single measurement per model is no course.
    const isCourse = new Set(rows.map(({ step }) => step)).size > subjects.length;
    return !isCourse
      ? []
      : [
          trainingFigure(
            kind,
            rows,
            subjects.map(({ name }) => name),
          ),
        ];
  });
}

function trainingFigure(kind: Kind, rows: readonly DataRow[], names: readonly string[]): Figure {
  const measures = [...new Set(rows.map(({ measure }) => String(measure)))];
  const ends = names.flatMap((name) =>
    measures.flatMap((measure) => {
      const own = rows.filter((row) => row['model'] === name && row['measure'] === measure);
      const [first, last] = [own[0], own.at(-1)];
      if (!first || !last) return [];
      return [`${name}, ${measure}: from ${short(first['value'])} to ${short(last['value'])} in ${last['step']} steps`];
    }),
  );
  return {
    id: kind.id,
    title: kind.title,
    caption: kind.caption,
    alt: `Lines over training steps. ${ends.join('; ')}.`,
    rows,
    columns: { model: 'Model', measure: 'Measure', step: 'Step', value: kind.axis },
    spec: (width) => trainingSpec(kind, rows, names, measures, width),
  };
}

function trainingSpec(
  kind: Kind,
  rows: readonly DataRow[],
  names: readonly string[],
  measures: readonly string[],
  width: Width,
): TopLevelSpec {
  return pageSpec(width, {
    width: figureWidth[width],
    height: width === 'wide' ? 320 : 280,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...rows] },
    mark: { type: 'line', strokeWidth: 2, point: rows.length < 60 ? { size: 30, filled: true } : false },
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        scale: { zero: true, nice: false },
        axis: { title: 'Optimizer steps', tickCount: width === 'wide' ? 8 : 5 },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        ...(kind.isShare ? { scale: { domain: [0, 1] } } : { scale: { nice: 5 } }),
        axis: kind.isShare ? shareAxis(kind.axis) : { title: kind.axis, tickCount: 5 },
      },
      color: modelColour(names),
      strokeDash: dash('measure', 'Measure', measures),
    },
  });
}

function short(value: unknown): string {
  return Number(value).toPrecision(3);
}
