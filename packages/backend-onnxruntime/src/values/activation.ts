import { isUsable, splat } from '../ir/create.js';
import type { Value } from '../ir/value.js';
import { elementwise, multiply } from './elementwise.js';

export type Activation = 'linear' | 'relu' | 'relu6' | 'elu' | 'prelu' | 'leakyrelu' | 'sigmoid';

/** The activation of tfjs' fused kernels; null for one that is not recorded. */
export function activate(
  x: Value,
  activation: Activation | undefined,
  preluWeights: Value | null,
  leakyAlpha: number | undefined,
): Value | null {
  switch (activation ?? 'linear') {
    case 'linear':
      return x;
    case 'relu':
      return relu(x);
    case 'relu6':
      return elementwise('Clip', [x], 'float32', { low: 0, high: 6 });
    case 'sigmoid':
      return elementwise('Sigmoid', [x], 'float32');
    case 'elu':
      return elementwise('Elu', [x], 'float32');
    case 'leakyrelu':
      return leakyRelu(x, leakyAlpha ?? 0.2);
    case 'prelu':
      return preluWeights ? prelu(x, preluWeights) : null;
    default:
      return null;
  }
}

/** x below zero times alpha, which broadcasts. */
export function prelu(x: Value, alpha: Value): Value {
  const isNegative = elementwise('Less', [x, splat(0, [], 'float32')], 'bool');
  return elementwise('Where', [isNegative, multiply(x, alpha), x], 'float32');
}

/**
 * Remembered on its input, for the gradient. Not where it reads what lies before its input: that
 * memory may be another's by the time it is asked for again.
 */
export function relu(x: Value): Value {
  if (isUsable(x.relu)) return x.relu;
  if (x.splat !== null) return splat(Math.max(x.splat, 0), x.shape, 'float32');
  const result = elementwise('Relu', [x], 'float32');
  if (result.node!.inputs[0] === x) x.relu = result;
  return result;
}

export function leakyRelu(x: Value, alpha: number): Value {
  const scaled = multiply(x, splat(Math.fround(alpha), [], 'float32'));
  return elementwise('Where', [elementwise('Less', [x, splat(0, [], 'float32')], 'bool'), scaled, x], 'float32');
}
