import type { TopLevelSpec } from 'vega-lite';
import type { Subject } from '../subjects.js';
import type { DataRow, Figure, Width } from './figure.js';
import { figureWidth, modelColour, pageSpec } from './theme.js';

/** What primal-dual training logs, with what stands beside its panel. */
const measures = { nu: 'Dual variable', slack: 'Slack' } as const;
type Measure = keyof typeof measures;

/**
 * Constraint and dual variable of primal-dual training; nothing for models that were trained
 * without a constraint.
 */
export function dualFigures(subjects: readonly Subject[]): Figure[] {
  const rows = subjects.flatMap(({ name, model }) =>
    (model.training?.curves ?? [])
      .filter(({ on, name: curve }) => on === 'training' && Object.hasOwn(measures, curve))
      .flatMap(({ name: curve, points }) =>
        points.map(([step, value]): DataRow => ({ model: name, measure: measures[curve as Measure], step, value })),
      ),
  );
  const names = subjects.map(({ name }) => name).filter((name) => rows.some(({ model }) => model === name));
  if (names.length === 0) return [];
  const ends = names.map((name) => {
    const last = (measure: Measure): string => {
      const found = rows.findLast((row) => row['model'] === name && row['measure'] === measures[measure]);
      return found === undefined ? 'not logged' : Number(found['value']).toPrecision(3);
    };
    return `${name} ends with dual variable ${last('nu')} and slack ${last('slack')}`;
  });
  return [
    {
      id: 'dual-variable',
      title: 'Constraint and dual variable',
      caption:
        'Primal-dual training keeps one loss at most rho. Slack is rho minus that loss on the training batch: below the line the constraint is not met, and the dual variable, the weight of that loss, grows; ' +
        'above it the weight falls until it is 0. Settled training swings about the line.',
      alt: `Lines over training steps in two panels. ${ends.join('; ')}.`,
      rows,
      columns: { model: 'Model', measure: 'Measure', step: 'Step', value: 'Value' },
      spec: (width) =>
        spec(
          rows,
          names,
          subjects.map(({ name }) => name),
          width,
        ),
    },
  ];
}

function spec(rows: readonly DataRow[], names: readonly string[], all: readonly string[], width: Width): TopLevelSpec {
  // A model has the colour that it has in the other figures; the legend names those that are drawn.
  const color = { ...modelColour(all), legend: { title: 'Model', values: [...names] } };
  const panel = (measure: Measure, isLast: boolean): object => ({
    width: figureWidth[width] - 80,
    height: width === 'wide' ? 150 : 120,
    layer: [
      ...(measure === 'slack'
        ? [
            {
              data: { values: [{ at: 0 }] },
              mark: { type: 'rule', strokeDash: [4, 4] },
              encoding: { y: { field: 'at', type: 'quantitative' } },
            },
          ]
        : []),
      {
        transform: [{ filter: `datum.measure === '${measures[measure]}'` }],
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: {
          x: {
            field: 'step',
            type: 'quantitative',
            scale: { nice: false },
            axis: { title: isLast ? 'Optimizer steps' : null, tickCount: width === 'wide' ? 8 : 5 },
          },
          y: { field: 'value', type: 'quantitative', axis: { title: measures[measure], tickCount: 4 } },
          color,
        },
      },
    ],
  });
  return pageSpec(width, {
    data: { values: [...rows] },
    vconcat: [panel('nu', false), panel('slack', true)],
  });
}
