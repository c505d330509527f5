import { broadcast_util, upcastType, util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import type { NumericType, Value } from '../ir/value.js';
import { activate, type Activation } from '../values/activation.js';
import { add, cast } from '../values/elementwise.js';
import { defineKernel } from './define.js';

/** Checks and messages are those of tfjs' own backends. */
export function matmul(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value | null {
  const dtype = upcastType(a.dtype, b.dtype) as NumericType;
  if (dtype === 'bool') return null;
  const [aRank, bRank] = [a.shape.length, b.shape.length];
  const innerA = a.shape[transposeA ? aRank - 2 : aRank - 1]!;
  const innerB = b.shape[transposeB ? bRank - 1 : bRank - 2]!;
  const outerA = a.shape[transposeA ? aRank - 1 : aRank - 2]!;
  const outerB = b.shape[transposeB ? bRank - 2 : bRank - 1]!;
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  util.assert(
    innerA === innerB,
    () =>
      `Error in matMul: inner shapes (${innerA}) and (${innerB}) of Tensors with shapes ${a.shape} and ${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  if (innerA === 0) return splat(0, [...batch, outerA, outerB], dtype);
  return pending('MatMul', [cast(a, dtype), cast(b, dtype)], [...batch, outerA, outerB], dtype, {
    transposeA,
    transposeB,
  });
}

interface MatMulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

defineKernel<MatMulAttributes>('BatchMatMul', (call) =>
  matmul(call.input('a'), call.input('b'), call.attributes.transposeA, call.attributes.transposeB),
);

defineKernel<MatMulAttributes & { activation?: Activation; leakyreluAlpha?: number }>('_FusedMatMul', (call) => {
  const { transposeA, transposeB, activation, leakyreluAlpha } = call.attributes;
  const product = matmul(call.input('a'), call.input('b'), transposeA, transposeB);
  if (product?.dtype !== 'float32') return null;
  const bias = call.optional('bias');
  const sum = bias ? add(product, bias) : product;
  return activate(sum, activation, call.optional('preluActivationWeights'), leakyreluAlpha);
});
