import type { Values } from './tanh-model.js';

/** Mean cross-entropy of a tanh model in float64 numbers, for Hessians by differences. */
export function scalarLoss(weights: Values, x: readonly number[][], y: readonly number[]): number {
  const {
    'hidden.weight': w1,
    'hidden.bias': b1,
    'last.weight': w2,
    'last.bias': b2,
  } = weights as Record<string, number[]>;
  const [hidden, classes] = [b1!.length, b2!.length];
  const rows = x.map((row, n) => {
    const h = b1!.map((bias, j) => Math.tanh(row.reduce((sum, value, i) => sum + value * w1![i * hidden + j]!, bias)));
    const z = b2!.map((bias, c) => h.reduce((sum, value, j) => sum + value * w2![j * classes + c]!, bias));
    return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[y[n]!]!;
  });
  return rows.reduce((sum, value) => sum + value, 0) / rows.length;
}

/** `sum_i (sigma^2 |w|^2 / n) H_ii`, i.e. E[u^T H u] of noise relative to each tensor, by central differences. */
export function expectedCurvature(weights: Values, sigma: number, loss: (weights: Values) => number): number {
  const step = 1e-4;
  let total = 0;
  for (const [name, values] of Object.entries(weights)) {
    const variance = (sigma ** 2 * values.reduce((sum, value) => sum + value * value, 0)) / values.length;
    values.forEach((_, i) => {
      const at = (by: number) => loss({ ...weights, [name]: values.map((value, j) => (j === i ? value + by : value)) });
      total += (variance * (at(step) + at(-step) - 2 * at(0))) / step ** 2;
    });
  }
  return total;
}
