import { upcastType } from '@tensorflow/tfjs-core';
import { add, cast, divide, elementwise, multiply, subtract } from '../build/elementwise.js';
import { isUsable, pending } from '../ir/create.js';
import { sameShape } from '../ir/shape.js';
import type { NumericType, Value } from '../ir/value.js';
import { defineKernel } from './define.js';

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
    return pending('MaxPoolGradient', pool.inputs, dy.shape, 'float32', { ...pool.attributes, relu: true });
  return elementwise('ReluGradient', [dy, relu], 'float32');
}

defineKernel('AddN', (call) => {
  const [first, ...rest] = call.all as [Value, ...Value[]];
  if (first.dtype === 'bool') return null;
  return rest.reduce((sum, value) => add(sum, cast(value, first.dtype)), first);
});
