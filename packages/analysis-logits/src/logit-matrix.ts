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
 * @throws AdvrobError `ADVROB_SHAPE` unless the rows are whole and have at least two classes, `ADVROB_NOT_FINITE` for NaN or infinity.
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
