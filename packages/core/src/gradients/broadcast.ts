import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor } from '@tensorflow/tfjs-core';

/** `gradient` summed over the axes along which an operand of this shape was repeated. */
export function reducedTo(gradient: Tensor, shape: readonly number[]): Tensor {
  const axes = tf.backend_util.getReductionAxes([...shape], gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, [...shape]);
}

const float = (x: Tensor): Tensor => tf.cast(x, 'float32');

/** An op of two operands that broadcast: the gradients in both, before they are summed. */
function binary(kernelName: string, a: Slope, b: Slope): GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: ((dy: Tensor, [x, y]: [Tensor, Tensor]) => ({
      a: () => reducedTo(a(dy, float(x), float(y)), x.shape),
      b: () => reducedTo(b(dy, float(x), float(y)), y.shape),
    })) as unknown as GradFunc,
  };
}

type Slope = (dy: Tensor, a: Tensor, b: Tensor) => Tensor;

const where = (condition: Tensor, dy: Tensor): Tensor => tf.mul(dy, float(condition));

/**
 * Ops of operands that broadcast: tfjs forgets to sum (`maximum`, `squaredDifference`, `matMul`),
 * squares a divisor that may be as small as 1e-30, or takes a rounded quotient for a smooth one.
 */
export const broadcastGradients: readonly GradConfig[] = [
  binary(
    'Maximum',
    (dy, a, b) => where(tf.greaterEqual(a, b), dy),
    (dy, a, b) => where(tf.less(a, b), dy),
  ),
  binary(
    'Minimum',
    (dy, a, b) => where(tf.lessEqual(a, b), dy),
    (dy, a, b) => where(tf.greater(a, b), dy),
  ),
  binary(
    'SquaredDifference',
    (dy, a, b) => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
    (dy, a, b) => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
  ),
  binary(
    'RealDiv',
    (dy, _a, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.mul(dy, tf.div(tf.div(a, b), b))),
  ),
  binary(
    'FloorDiv',
    (dy) => tf.zerosLike(dy),
    (dy) => tf.zerosLike(dy),
  ),
  {
    kernelName: 'BatchMatMul',
    inputsToSave: ['a', 'b'],
    gradFunc: ((dy: Tensor, [a, b]: [Tensor, Tensor], attributes: { transposeA: boolean; transposeB: boolean }) => {
      const { transposeA, transposeB } = attributes;
      return {
        a: () =>
          reducedTo(transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB), a.shape),
        b: () =>
          reducedTo(transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false), b.shape),
      };
    }) as unknown as GradFunc,
  },
];
