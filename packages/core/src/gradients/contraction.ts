import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A tensor and the letter of each of its axes. */
export interface Factor {
  readonly tensor: Tensor;
  readonly axes: string;
}

/** Sums over the axes that nobody asks for. */
function without({ tensor, axes }: Factor, wanted: (axis: string) => boolean): Factor {
  const summed = [...axes].flatMap((axis, i) => (wanted(axis) ? [] : [i]));
  return summed.length === 0
    ? { tensor, axes }
    : { tensor: tf.sum(tensor, summed), axes: [...axes].filter(wanted).join('') };
}

function ordered({ tensor, axes }: Factor, order: string): Tensor {
  const perm = [...order].map((axis) => axes.indexOf(axis));
  return perm.every((from, to) => from === to) ? tensor : tf.transpose(tensor, perm);
}

/**
 * A sum of products as an equation of einsum says it: of one factor or two, none of which has an
 * axis twice. Two are one product of matrices.
 */
export function contract(factors: readonly Factor[], output: string): Tensor {
  const [a, b] = factors.map((factor, i) =>
    without(
      factor,
      (axis) => output.includes(axis) || factors.some((other, j) => j !== i && other.axes.includes(axis)),
    ),
  ) as [Factor, Factor | undefined];
  if (b === undefined) return ordered(a, output);
  const common = [...a.axes].filter((axis) => b.axes.includes(axis));
  const batch = common.filter((axis) => output.includes(axis)).join('');
  const inner = common.filter((axis) => !output.includes(axis)).join('');
  const [left, right] = [a, b].map(({ axes }) => [...axes].filter((axis) => !common.includes(axis)).join('')) as [
    string,
    string,
  ];
  const extents = new Map([a, b].flatMap(({ tensor, axes }) => [...axes].map((axis, i) => [axis, tensor.shape[i]!])));
  const shape = (axes: string): number[] => [...axes].map((axis) => extents.get(axis)!);
  const size = (axes: string): number => tf.util.sizeFromShape(shape(axes));
  const rows = tf.reshape(ordered(a, batch + left + inner), [size(batch), size(left), size(inner)]);
  const columns = tf.reshape(ordered(b, batch + right + inner), [size(batch), size(right), size(inner)]);
  const product = tf.reshape(tf.matMul(rows, columns, false, true), shape(batch + left + right));
  return ordered({ tensor: product, axes: batch + left + right }, output);
}

/** The letters of an equation, by operand, and those of the output. */
export function parsedEquation(equation: string): { inputs: string[]; output: string } {
  const [inputs = '', output = ''] = equation.replace(/\s/g, '').split('->');
  return { inputs: inputs.split(','), output };
}
