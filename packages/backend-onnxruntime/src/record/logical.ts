import { upcastType } from '@tensorflow/tfjs-core';
import { cast, elementwise } from '../build/elementwise.js';
import { reshape } from '../build/shape.js';
import type { NumericType } from '../ir/value.js';
import { defineKernel } from './define.js';

for (const name of ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'])
  defineKernel(name, (call) => {
    const [a, b] = [call.input('a'), call.input('b')];
    const common = upcastType(a.dtype, b.dtype) as NumericType;
    const dtype = common === 'bool' ? 'int32' : common; // ONNX orders no bools
    return elementwise(name, [cast(a, dtype), cast(b, dtype)], 'bool');
  });

for (const [name, op] of [
  ['LogicalAnd', 'And'],
  ['LogicalOr', 'Or'],
] as const)
  defineKernel(name, (call) => elementwise(op, [cast(call.input('a'), 'bool'), cast(call.input('b'), 'bool')], 'bool'));

/** A condition of rank one chooses rows, as in tfjs. */
defineKernel('Select', (call) => {
  const [t, e] = [call.input('t'), call.input('e')];
  let condition = cast(call.input('condition'), 'bool');
  const dtype = upcastType(t.dtype, e.dtype) as NumericType;
  const rank = t.shape.length;
  if (condition.shape.length === 1 && rank > 1)
    condition = reshape(condition, [condition.size, ...new Array<number>(rank - 1).fill(1)]);
  return elementwise('Where', [condition, cast(t, dtype), cast(e, dtype)], dtype);
});
