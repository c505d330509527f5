import { AdvrobError } from '@advrob/core';

/** Logits on the host: one row of `classes` numbers per example, row-major. */
export interface LogitMatrix {
  /** [rows * classes]. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly classes: number;
}

/**
 * Logits as a matrix.
 *
 * @param values - Row-major, a whole number of rows; kept, not copied.
 * @throws AdvrobError `ADVROB_SHAPE` unless the rows are whole and have at least two classes,
 *   `ADVROB_NOT_FINITE` for NaN or infinity.
 * @example
 * ```ts
 * import { logitMatrix } from '@advrob/analysis-logits';
 * const logits = logitMatrix(Float32Array.of(2, 1, 0, 0, 3, 1), 3); // two examples
 * ```
 */
export function logitMatrix(values: Float32Array, classes: number): LogitMatrix {
  if (!Number.isInteger(classes) || classes < 2 || values.length === 0 || values.length % classes !== 0)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `expected rows of at least 2 logits, got ${values.length} values for ${classes} classes`,
    );
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new AdvrobError(
      'ADVROB_NOT_FINITE',
      `logit of example ${Math.floor(wrong / classes)}, class ${wrong % classes} is ${values[wrong]}: check the weights and the scaling of the inputs`,
    );
  return { values, rows: values.length / classes, classes };
}

/** The logits of one example; a view, not a copy. */
export function rowOf({ values, classes }: LogitMatrix, row: number): Float32Array {
  return values.subarray(row * classes, (row + 1) * classes);
}

/** @throws AdvrobError `ADVROB_SHAPE` unless both are of the same examples and classes. */
export function checkSameShape(first: LogitMatrix, second: LogitMatrix): void {
  if (first.rows !== second.rows || first.classes !== second.classes)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `expected logits of the same examples, got [${first.rows}, ${first.classes}] and [${second.rows}, ${second.classes}]`,
    );
}

/** Classes from the largest logit to the smallest; of equal ones the lower class first. */
export function classOrder(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (_, k) => k).sort((a, b) => logits[b]! - logits[a]! || a - b);
}

/** The predicted class and the runner-up; of equal logits the lower class comes first. */
export function topTwo(logits: ArrayLike<number>): readonly [first: number, second: number] {
  let [first, second] = logits[1]! > logits[0]! ? [1, 0] : [0, 1];
  for (let k = 2; k < logits.length; k++)
    if (logits[k]! > logits[first]!) [first, second] = [k, first];
    else if (logits[k]! > logits[second]!) second = k;
  return [first, second];
}

/** Softmax of one row in float64: so equal logits give equal probabilities on every backend. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  let largest = -Infinity;
  for (let k = 0; k < logits.length; k++) largest = Math.max(largest, logits[k]!);
  const powers = Float64Array.from(logits, (value) => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}
