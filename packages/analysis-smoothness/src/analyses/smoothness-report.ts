import { figure, quantity, type Figure, type Row, type Table } from '@advrob/core/figure';
import type { InputFlatness } from '../probes/flatness.js';
import type { SmoothnessPoint } from '../probes/smoothness-ratio.js';
import { logLogSlope, meanOf, medianOf } from '@advrob/core/statistics';

/** What was measured under one adversary. */
export type ArmMeasures = {
  /** `clean`, or the norm. */
  readonly name: string;
  readonly epsilon: number;
  readonly points: readonly SmoothnessPoint[];
  readonly input: InputFlatness;
  /** Null when it was not asked for. */
  readonly eigenvalue: { readonly value: number; readonly change: number } | null;
};

export type SmoothnessReport = {
  readonly arms: readonly (ArmMeasures & {
    /**
     * Log-log slope of the mean K1 over h: 0 smooth, -1 jumps. Null where a gradient did not
     * change.
     */
    readonly slope: number | null;
  })[];
  readonly findings: readonly string[];
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
};

/** Puts the adversaries together. */
export function smoothnessReport(arms: readonly ArmMeasures[]): SmoothnessReport {
  const withSlopes = arms.map((arm) => ({ ...arm, slope: slopeOfRatios(arm.points) }));
  const rows = withSlopes.flatMap(({ name, epsilon, points, input, eigenvalue, slope }): Row[] =>
    stepsOf(points).map((step) => {
      const own = points.filter((point) => point.step === step);
      const mean = (key: 'displacement' | 'flipped'): number | null => {
        const values = own.map((point) => point[key]).filter((value) => value !== null);
        return values.length === 0 ? null : meanOf(values);
      };
      return {
        name,
        epsilon,
        step,
        median: medianOf(own.map(({ ratio }) => ratio)),
        slope,
        displacement: mean('displacement'),
        flipped: mean('flipped'),
        inputL2: input.l2,
        inputL1: input.l1,
        eigenvalue: eigenvalue?.value ?? null,
      };
    }),
  );
  const columns = {
    name: 'Adversary',
    epsilon: 'Epsilon',
    step: 'h over the norm of the weights',
    median: 'Median change of the gradient (K1)',
    slope: 'Slope of K1 over h',
    displacement: 'Displacement of the attack (K3)',
    flipped: 'Flipped signs (K3)',
    inputL2: 'Input gradient, L2 (K4)',
    inputL1: 'Input gradient, L1 (K4)',
    eigenvalue: 'Top eigenvalue (K6)',
  };
  return {
    arms: withSlopes,
    findings: withSlopes.map(sentence),
    tables: [{ id: 'smoothness', title: 'Smoothness of the loss in the weights', columns, rows }],
    figures: [ratioFigure(withSlopes)],
  };
}

function sentence({ name, epsilon, slope, input, eigenvalue }: SmoothnessReport['arms'][number]): string {
  const who = epsilon === 0 ? 'Without an adversary' : `Under ${name}, epsilon ${Number(epsilon.toPrecision(3))},`;
  const change =
    slope === null
      ? 'a gradient does not change at all'
      : `the change of the gradient over the step h goes as h to the ${slope.toFixed(2)} (0: smooth, -1: jumps)`;
  const top = eigenvalue === null ? '' : `, the top eigenvalue ${eigenvalue.value.toPrecision(3)}`;
  return `${who} ${change}; the mean input gradient in L2 is ${input.l2.toPrecision(3)}${top}.`;
}

function stepsOf(points: readonly SmoothnessPoint[]): number[] {
  return [...new Set(points.map(({ step }) => step))];
}

function slopeOfRatios(points: readonly SmoothnessPoint[]): number | null {
  const means = stepsOf(points).map(
    (step) => [step, meanOf(points.filter((point) => point.step === step).map(({ ratio }) => ratio))] as const,
  );
  return means.every(([, ratio]) => ratio > 0) ? logLogSlope(means) : null;
}

function ratioFigure(arms: readonly ArmMeasures[]): Figure {
  const rows = arms.flatMap(({ name, points }) =>
    points.filter(({ ratio }) => ratio > 0).map(({ direction, step, ratio }) => ({ name, direction, step, ratio })),
  );
  const log = { type: 'log' };
  const encoding = {
    x: quantity('step', 'Step h over the norm of the weights', log),
    color: { field: 'name', type: 'nominal', title: 'Adversary' },
  };
  return figure(
    {
      id: 'gradient-change',
      title: 'Change of the gradient over the length of the step',
      columns: { name: 'Adversary', direction: 'Direction', step: 'h', ratio: 'Change of the gradient / h' },
      rows,
    },
    {
      caption:
        'Change of the gradient of the loss divided by the step in the weights, along random directions. Where the loss is smooth it does not depend on the step; where the attack jumps it grows as the step shrinks.',
      alt: 'Lines on logarithmic axes, one colour for each adversary.',
    },
    {
      layer: [
        { mark: 'point', encoding: { ...encoding, y: quantity('ratio', 'Change of the gradient / h', log) } },
        {
          mark: 'line',
          encoding: {
            ...encoding,
            y: { ...quantity('ratio', 'Change of the gradient / h', log), aggregate: 'median' },
          },
        },
      ],
    },
  );
}
