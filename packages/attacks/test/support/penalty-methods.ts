import { fixture, type Nested, type SmoothWeights } from './smooth-net.js';

interface Run {
  readonly confidence: number;
  readonly x: Nested;
  readonly y: Nested;
  readonly points: Readonly<Record<string, Nested>>;
  /** Steps that each example took, per weight. */
  readonly ended: readonly (readonly number[])[];
}

interface Methods {
  readonly weights: SmoothWeights;
  readonly searches: number;
  readonly steps: number;
  readonly first_weight: number;
  readonly cw_rate: number;
  readonly ead_rate: number;
  readonly beta: number;
  readonly cw: readonly (Run & { readonly closest: Nested })[];
  readonly ead: readonly (Run & { readonly closest_l1: Nested; readonly closest_l2: Nested; readonly best: Nested })[];
}

/** What tooling/oracle/attacks/penalty_methods.py wrote. */
export const penaltyMethods = fixture<Methods>('penalty-methods.json');

/** The options of its search for a weight. */
export const search = {
  searches: penaltyMethods.searches,
  steps: penaltyMethods.steps,
  initialWeight: penaltyMethods.first_weight,
};

/** Steps of each example, over all weights. */
export function stepsOf(ended: Run['ended']): number[] {
  return ended[0]!.map((_, example) => ended.reduce((sum, perWeight) => sum + perWeight[example]!, 0));
}
