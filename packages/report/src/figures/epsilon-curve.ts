import type { Norm } from '@advrob/core';
import type { TopLevelSpec } from 'vega-lite';
import { epsilonText, normText, percent } from '../format.js';
import { attacksIn, certifiedTitle } from '../main-table.js';
import type { Subject } from '../subjects.js';
import type { DataRow, Figure, Width } from './figure.js';
import { dash, figureWidth, modelColour, modelShape, pageSpec, shareAxis } from './theme.js';

const worst = 'worst case';

/**
 * Robust accuracy against the radius of the ball, for one norm: the worst case of each model, and
 * each attack that was run at several radii.
 */
export function epsilonCurve(subjects: readonly Subject[], norm: Norm): Figure {
  const rows = subjects.flatMap((subject) => curvesOf(subject, norm));
  const names = subjects.map(({ name }) => name);
  const hasRows = (name: string): boolean => rows.some(({ attack }) => attack === name);
  const certified = [...new Set(rows.map(({ attack }) => String(attack)))].filter((name) =>
    name.startsWith('Certified'),
  );
  const attacks = [worst, ...attacksIn(subjects, norm).filter(hasRows), ...certified];
  const ends = names.flatMap((name) => {
    const last = rows.filter(({ model, attack }) => model === name && attack === worst).at(-1);
    return last
      ? [`${name} falls to ${percent(Number(last['accuracy']))} at ${epsilonText(Number(last['epsilon']))}`]
      : [];
  });
  return {
    id: `robust-accuracy-${norm}`,
    title: `Robust accuracy against epsilon, ${normText(norm)}`,
    caption:
      `Share of test examples that are classified rightly and withstand every attack with perturbations up to epsilon in ${normText(norm)}, in units of the input range. ` +
      `The value at 0 is the clean accuracy; bands are Wilson 95% intervals; lines join measured points.${attacks.length > 1 + certified.length ? ' Dashed: single attacks.' : ''}` +
      (certified.length > 0
        ? ' What is certified is a lower bound; where it is of another classifier made of the model, it is no bound of the lines beside it.'
        : ''),
    alt: `Lines of robust accuracy over epsilon in ${normText(norm)}. ${ends.join('; ')}.`,
    rows,
    columns: {
      model: 'Model',
      attack: 'Attack',
      epsilon: 'Epsilon',
      accuracy: 'Robust accuracy',
      low: 'Interval low',
      high: 'Interval high',
    },
    spec: (width) => curveSpec(rows, names, attacks, norm, width),
  };
}

function curvesOf({ name, model }: Subject, norm: Norm): DataRow[] {
  const { clean } = model;
  const curve = (attack: string, points: readonly { epsilon: number; robust: typeof clean }[]): DataRow[] =>
    [{ epsilon: 0, robust: clean }, ...points.filter(({ epsilon }) => epsilon > 0)].map(({ epsilon, robust }) => ({
      model: name,
      attack,
      epsilon,
      accuracy: robust.rate,
      low: robust.interval[0],
      high: robust.interval[1],
    }));
  const own = model.attacks.filter((attack) => attack.norm === norm);
  return [
    ...model.worstCase.filter((one) => one.norm === norm).flatMap(({ points }) => curve(worst, points)),
    ...(model.certificates ?? [])
      .filter((one) => one.norm === norm)
      .flatMap(({ label, statement, points }) =>
        points.map(({ epsilon, certified }) => ({
          model: name,
          attack: certifiedTitle(label, statement.of),
          epsilon,
          accuracy: certified.rate,
          low: certified.interval[0],
          high: certified.interval[1],
        })),
      ),
    // With a single attack the worst case is that attack.
    ...own
      .filter(({ points }) => own.length > 1 && points.length > 1)
      .flatMap(({ label, points }) => curve(label, points)),
  ];
}

function curveSpec(
  rows: readonly DataRow[],
  names: readonly string[],
  attacks: readonly string[],
  norm: Norm,
  width: Width,
): TopLevelSpec {
  const x = {
    field: 'epsilon',
    type: 'quantitative',
    axis: { title: `Epsilon (${normText(norm)}, in units of the input)`, tickCount: width === 'wide' ? 8 : 5 },
  };
  const scale = { domain: [0, 1] };
  const isWorst = `datum.attack === '${worst}'`;
  const color = modelColour(names);
  const y = { field: 'accuracy', type: 'quantitative', scale, axis: shareAxis('Robust accuracy') };
  return pageSpec(width, {
    width: figureWidth[width],
    height: width === 'wide' ? 380 : 360,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...rows] },
    layer: [
      {
        transform: [{ filter: isWorst }],
        mark: { type: 'area', opacity: 0.16, clip: true },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      {
        mark: { type: 'line', clip: true },
        encoding: {
          x,
          y,
          color,
          strokeDash: dash('attack', 'Attack', attacks),
          strokeWidth: { condition: { test: isWorst, value: 2.5 }, value: 1.25 },
        },
      },
      {
        transform: [{ filter: isWorst }],
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { x, y, color, shape: modelShape(names) },
      },
    ],
  });
}
