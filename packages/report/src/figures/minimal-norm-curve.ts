import type { Norm } from '@advrob/core';
import type { TopLevelSpec } from 'vega-lite';
import { epsilonText, normText } from '../format.js';
import type { Subject } from '../subjects.js';
import type { DataRow, Figure, Width } from './figure.js';
import { dash, figureWidth, modelColour, pageSpec, shareAxis } from './theme.js';

/** One figure per norm in which an attack looked for the smallest perturbation of every example. */
export function minimalNormCurves(subjects: readonly Subject[]): Figure[] {
  const norms = subjects.flatMap(({ model }) => model.attacks.filter(({ minimal }) => minimal).map(({ norm }) => norm));
  return [...new Set(norms)].map((norm) => minimalNormCurve(subjects, norm));
}

function minimalNormCurve(subjects: readonly Subject[], norm: Norm): Figure {
  const attacks = subjects.flatMap(({ name, model }) =>
    model.attacks.flatMap(({ label, norm: own, minimal }) =>
      minimal && own === norm ? [{ name, label, minimal }] : [],
    ),
  );
  const rows = attacks.flatMap(({ name, label, minimal }) =>
    minimal.curve.map(([distance, accuracy]): DataRow => ({ model: name, attack: label, distance, accuracy })),
  );
  const names = subjects.map(({ name }) => name).filter((name) => attacks.some((attack) => attack.name === name));
  const labels = [...new Set(attacks.map(({ label }) => label))];
  const medians = attacks.map(
    ({ name, label, minimal }) =>
      `${name} under ${label}: median ${minimal.median === null ? 'not reached' : epsilonText(minimal.median)}, found for ${minimal.found} of ${minimal.examples}`,
  );
  return {
    id: `minimal-norm-${norm}`,
    title: `Smallest perturbations, ${normText(norm)}`,
    caption:
      `Share of test examples that are classified rightly and need a perturbation larger than the distance in ${normText(norm)}, as found by attacks that look for the smallest one. ` +
      `The value at 0 is the clean accuracy. ${medians.join('; ')}.`,
    alt: `Falling steps of robust accuracy over distance in ${normText(norm)}. ${medians.join('; ')}.`,
    rows,
    columns: { model: 'Model', attack: 'Attack', distance: 'Distance', accuracy: 'Robust accuracy' },
    spec: (width) => spec(rows, names, labels, norm, width),
  };
}

function spec(
  rows: readonly DataRow[],
  names: readonly string[],
  labels: readonly string[],
  norm: Norm,
  width: Width,
): TopLevelSpec {
  return pageSpec(width, {
    width: figureWidth[width],
    height: width === 'wide' ? 340 : 320,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...rows] },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
    encoding: {
      x: {
        field: 'distance',
        type: 'quantitative',
        axis: { title: `Distance (${normText(norm)}, in units of the input)`, tickCount: width === 'wide' ? 8 : 5 },
      },
      y: {
        field: 'accuracy',
        type: 'quantitative',
        scale: { domain: [0, 1] },
        axis: shareAxis('Robust accuracy'),
      },
      color: modelColour(names),
      strokeDash: dash('attack', 'Attack', labels),
    },
  });
}
