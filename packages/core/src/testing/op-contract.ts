import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, type Check } from './check.js';
import { arrangementRows } from './op/arrangement-rows.js';
import { elementwiseRows } from './op/elementwise-rows.js';
import { networkRows } from './op/network-rows.js';
import { reductionRows } from './op/reduction-rows.js';
import type { OpRow } from './op/row.js';
import { checkNumbers, numberRows } from './op/small-numbers.js';

const rows: readonly OpRow[] = [...elementwiseRows, ...reductionRows, ...arrangementRows, ...networkRows];

/** Kernels that have a row. */
export const kernelsOfOpContract: ReadonlySet<string> = new Set(rows.map(({ kernel }) => kernel));

export interface OpCheck extends Check {
  /**
   * As `run`; returns the shape, then the values of the op, to be compared with another backend's.
   */
  measure(): Promise<number[]>;
}

/**
 * Every differentiable op of tfjs in its modes: its gradient on the current backend against central
 * differences of a random projection, along two random directions. Inputs lie apart by more than
 * the differences, so that no maximum changes places.
 *
 * @example
 * ```ts
 * import '@advrob/core/gradients';
 * import { opContract } from '@advrob/core/testing';
 * for (const { name, run } of opContract()) test(name, run);
 * ```
 */
export function opContract(): readonly OpCheck[] {
  return rows.map((row) => ({
    name: `${row.kernel}: ${row.mode}`,
    async run() {
      await check(row);
    },
    measure: () => check(row),
  }));
}

/**
 * What attacks, losses and trainers compute with, on the current backend at 1e-7, 1e-12, 1e-30 and
 * 1e30: sign, exponentials, quotients and their slopes, sums, products.
 */
export function smallNumberContract(): readonly Check[] {
  return Object.entries(numberRows).map(([name, row]) => ({ name, run: () => checkNumbers(row) }));
}

/** A little more than the rounding of sums of float32 over the step. */
const step = 1e-2;
const tolerance = 2e-3;

async function check(row: OpRow): Promise<number[]> {
  const values = spread(row);
  const at = (direction: readonly number[][], size: number): Tensor[] =>
    row.shapes.map((shape, i) =>
      tf.tensor(
        values[i]!.map((value, j) => value + size * direction[i]![j]!),
        [...shape],
      ),
    );
  const output = (inputs: readonly Tensor[]): Tensor => tf.cast(row.op(...inputs), 'float32');
  const score = (...inputs: Tensor[]): tf.Scalar => {
    const y = output(inputs);
    const weights = Array.from({ length: y.size }, (_, i) => Math.cos(1.7 * i + 0.3));
    return tf.sum(tf.mul(y, tf.tensor(weights, y.shape)));
  };
  const directions = [1, 2].map((seed) => signs(values, seed));
  const [y, all] = tf.tidy(() => {
    const inputs = at(directions[0]!, 0);
    const gradients = tf.grads(score)(inputs);
    const numbers = tf.stack(
      directions.flatMap((direction) => [
        tf.addN(gradients.map((gradient, i) => tf.sum(tf.mul(gradient, tf.tensor(direction[i]!, gradient.shape))))),
        ...[step, -step, 2 * step, -2 * step].map((size) => score(...at(direction, size))),
      ]),
    );
    return [output(inputs), numbers];
  });
  const numbers = (await all.data()) as Float32Array;
  const found = [...y.shape, ...(await y.data())];
  tf.dispose([y, all]);
  for (const start of [0, 5]) {
    const [slope, a, b, c, d] = [...numbers.subarray(start, start + 5)] as [number, number, number, number, number];
    // Of fourth order: the curvature of no op is left.
    const quotient = (8 * (a - b) - (c - d)) / (12 * step);
    ensure(
      Math.abs(slope - quotient) <= tolerance * Math.max(1, Math.abs(quotient)),
      `the gradient says ${slope}, central differences say ${quotient}`,
    );
  }
  return found;
}

/** Values of all inputs at equal distances, in an order that only looks random. */
function spread({ shapes, range: [low, high] }: OpRow): number[][] {
  const sizes = shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const order = Array.from({ length: total }, (_, i) => i).sort(
    (a, b) => Math.sin(91.7 * a + 1) - Math.sin(91.7 * b + 1),
  );
  let taken = 0;
  return sizes.map((size) =>
    Array.from({ length: size }, () => awayFromZero(low + ((high - low) * (order[taken++]! + 0.5)) / total)),
  );
}

/** Many ops have a kink there. */
function awayFromZero(value: number): number {
  return value + (value < 0 ? -0.05 : 0.05);
}

function signs(values: readonly number[][], seed: number): number[][] {
  let i = 0;
  return values.map((own) => own.map(() => (Math.sin(12.9898 * (i++ + 1) * seed) < 0 ? -1 : 1)));
}
