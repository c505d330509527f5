import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, KernelFunc, Tensor } from '@tensorflow/tfjs-core';
import { contract, parsedEquation, type Factor } from './contraction.js';
import type { KernelMend } from './registries.js';

/**
 * The gradient in one operand is a sum of products of `dy` and the other operand; along an axis that
 * neither has, it is the same everywhere.
 */
function gradientIn({ tensor, axes }: Factor, factors: readonly Factor[]): Tensor {
  const known = [...axes].filter((axis) => factors.some((other) => other.axes.includes(axis))).join('');
  const shape = [...axes].map((axis, i) => (known.includes(axis) ? tensor.shape[i]! : 1));
  return tf.broadcastTo(tf.reshape(contract(factors, known), shape), tensor.shape);
}

const kernelName = 'Einsum';

export const einsumGradients: readonly GradConfig[] = [
  {
    kernelName,
    saveAllInputs: true,
    gradFunc: ((dy: Tensor, operands: Tensor[], { equation }: { equation: string }) => {
      const { inputs, output } = parsedEquation(equation);
      const factors = operands.map((tensor, i): Factor => ({ tensor, axes: inputs[i]! }));
      return Object.fromEntries(
        factors.map((factor, i) => [
          i,
          () => gradientIn(factor, [{ tensor: dy, axes: output }, ...factors.filter((_, j) => j !== i)]),
        ]),
      );
    }) as unknown as GradFunc,
  },
];

/** One product of matrices; tfjs multiplies every pair of values, and the wasm backend has none. */
const einsum: KernelFunc = ({ inputs, attrs }) => {
  const operands = Object.values(inputs) as Tensor[];
  const equation = attrs!['equation'] as string;
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, operands.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, operands);
  const { inputs: axes, output } = parsedEquation(equation);
  return tf.tidy(() => {
    const result = contract(
      operands.map((tensor, i) => ({ tensor, axes: axes[i]! })),
      output,
    );
    return operands.includes(result) ? tf.clone(result) : result;
  });
};

export const einsumKernels: readonly KernelMend[] = [{ kernelName, mend: () => einsum }];
export const einsumOfWasm = { kernelName, backendName: 'wasm', kernelFunc: einsum };
