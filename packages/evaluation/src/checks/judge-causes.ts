import type { RobustnessCheck } from '../record/record.js';
import { made, untested } from './catalogue.js';
import type { Measurements } from './measurements.js';

/**
 * Causes that make attacks fail. Of several that one flaw would raise, only the first is reported.
 */
export function judgeCauses({ outputs, gradients, examples }: Measurements): RobustnessCheck[] {
  const largest = (values: readonly number[]): number => Math.max(...values);
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

  const probabilities = total(outputs.map((one) => one.probabilities)) / examples;
  const areProbabilities = probabilities === 1;
  const spread = largest(outputs.map((one) => one.spread));
  const neighbours = largest(outputs.map((one) => (one.changesBuffers ? 1 : one.neighbours)));
  const rows = total(gradients.map((one) => one.rows));
  const unusable = rows === 0 ? null : total(gradients.map((one) => one.unusable)) / rows;
  return [
    // A second softmax flattens the loss by itself.
    unusable === null || areProbabilities
      ? untested('vanishing-gradients', unusable)
      : vanishing(unusable, total(gradients.map((one) => one.unusableMargin)) / rows),
    made('probabilities-as-logits', probabilities, 1, areProbabilities),
    made('random-forward', spread, 1e-4),
    made('loop-in-forward', largest(outputs.map((one) => one.ownGradients)), 0),
    // Randomness alone moves the logits when the neighbours change.
    made('train-mode', neighbours, Math.max(1e-4, 10 * spread)),
  ];
}

/**
 * Tells saturation from a model without a gradient: the margin of the logits is not flattened by a
 * sure model.
 */
function vanishing(share: number, shareOfMargin: number): RobustnessCheck {
  const check = made('vanishing-gradients', share, 0.05);
  if (check.severity === 'none') return check;
  const which =
    shareOfMargin < share / 2
      ? 'Here the margin of the logits has a gradient where cross-entropy has none: the logits are so large that the softmax is saturated.'
      : 'Here the margin of the logits has no gradient either: a step inside the model passes none on.';
  return { ...check, meaning: `${check.meaning} ${which}` };
}
