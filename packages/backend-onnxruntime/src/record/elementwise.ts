import { upcastType } from '@tensorflow/tfjs-core';
import { isUsable, pending, splat } from '../ir/create.js';
import { sameShape } from '../ir/shape.js';
import type { NumericType, Value } from '../ir/value.js';
import { add, cast, divide, elementwise, multiply, negate, subtract } from '../values/elementwise.js';
import { reshape } from '../values/shape.js';
import { defineKernel } from './define.js';

/**
 * Ops that are defined for floats; tfjs casts before it calls them, the rest goes to the cpu
 * backend.
 */
for (const name of [
  ...['Exp', 'Expm1', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Reciprocal', 'Tanh', 'Erf'],
  ...['Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'],
  ...['Floor', 'Ceil', 'Round', 'Sign'],
])
  defineKernel(name, (call) => {
    const x = call.input('x');
    return x.dtype === 'float32' ? elementwise(name, [x], 'float32') : null;
  });

/** Ops for floats and integers alike. */
for (const name of ['Abs', 'Square'])
  defineKernel(name, (call) => {
    const x = call.input('x');
    return x.dtype === 'bool' ? null : elementwise(name, [x], x.dtype);
  });

defineKernel('Neg', (call) => {
  const x = call.input('x');
  return x.dtype === 'bool' ? null : negate(x);
});

defineKernel<{ clipValueMin: number; clipValueMax: number }>('ClipByValue', (call) => {
  const x = call.input('x');
  const { clipValueMin: low, clipValueMax: high } = call.attributes;
  return x.dtype === 'bool' ? null : elementwise('Clip', [x], x.dtype, { low, high });
});

/** Both operands in their common type, or null for bool, which tfjs adds as bytes. */
function matched(a: Value, b: Value): [Value, Value] | null {
  const dtype = upcastType(a.dtype, b.dtype) as NumericType;
  return dtype === 'bool' ? null : [cast(a, dtype), cast(b, dtype)];
}

function defineBinary(name: string, build: (a: Value, b: Value) => Value | null): void {
  defineKernel(name, (call) => {
    const pair = matched(call.input('a'), call.input('b'));
    return pair && build(...pair);
  });
}

defineBinary('Add', add);
defineBinary('Sub', subtract);
defineBinary('Multiply', (a, b) => reluGradient(a, b) ?? reluGradient(b, a) ?? multiply(a, b));
defineBinary('RealDiv', (a, b) => (a.dtype === 'float32' ? divide(a, b) : null));
defineBinary('Maximum', (a, b) => elementwise('Maximum', [a, b], a.dtype));
defineBinary('Minimum', (a, b) => elementwise('Minimum', [a, b], a.dtype));
defineBinary('SquaredDifference', (a, b) => elementwise('SquaredDifference', [a, b], a.dtype));

/** dy * step(x) with the recorded relu of x: looks at relu's result, so that x need not be kept. */
function reluGradient(dy: Value, step: Value): Value | null {
  const node = step.node;
  if (node?.op !== 'Step' || node.attributes['alpha'] !== 0 || !sameShape(dy.shape, step.shape)) return null;
  const relu = node.inputs[0]!.relu;
  if (!isUsable(relu) || dy.dtype !== 'float32') return null;
  const pool = dy.node?.op === 'MaxPoolGradient' ? dy.node : null;
  if (pool?.inputs[1] === relu)
    return pending(pool.op, pool.inputs, dy.shape, 'float32', { ...pool.attributes, relu: true });
  return elementwise('ReluGradient', [dy, relu], 'float32');
}

defineKernel('AddN', (call) => {
  const [first, ...rest] = call.all as [Value, ...Value[]];
  if (first.dtype === 'bool') return null;
  return rest.reduce((sum, value) => add(sum, cast(value, first.dtype)), first);
});

// Pow, Mod and FloorDiv, which ONNX defines differently for integers: those are computed in floats
// of 64 bits.
for (const name of ['Pow', 'Mod', 'FloorDiv'])
  defineKernel(name, (call) => {
    const [a, b] = [call.input('a'), call.input('b')];
    const common = upcastType(a.dtype, b.dtype) as NumericType;
    if (common === 'bool') return null;
    const dtype = name === 'FloorDiv' ? 'int32' : common;
    return elementwise(name, [cast(a, common), cast(b, common)], dtype);
  });

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

defineKernel('LogicalNot', (call) => elementwise('Not', [cast(call.input('x'), 'bool')], 'bool'));

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

for (const name of ['IsNan', 'IsInf', 'IsFinite'])
  defineKernel(name, (call) => {
    const x = call.input('x');
    if (x.dtype !== 'float32') return splat(name === 'IsFinite' ? 1 : 0, x.shape, 'bool');
    return elementwise(name, [x], 'bool');
  });
