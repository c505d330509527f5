import { backend_util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import { sameShape } from '../ir/shape.js';
import type { Attributes, NumericType, Shape, Value } from '../ir/value.js';

/** `value` repeated to `shape` by broadcasting. */
export function expand(value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  if (value.splat !== null) return splat(value.splat, shape, value.dtype, value.isDerived);
  if (value.node?.op === 'Expand') return expand(value.node.inputs[0]!, shape);
  return pending('Expand', [value], shape, value.dtype, { shape });
}

/**
 * Records an elementwise op of any number of operands. Broadcasts are taken off the operands and, where the result needs
 * them, put on the result: the gradients of sums multiply by full arrays of ones.
 */
export function elementwise(op: string, operands: Value[], dtype: NumericType, attributes: Attributes = {}): Value {
  let shape: Shape = operands[0]!.shape;
  for (const operand of operands.slice(1))
    shape = backend_util.assertAndGetBroadcastShape(shape as number[], operand.shape as number[]);
  let narrow: Shape = [];
  const stripped = operands.map((operand) => {
    const source = operand.node?.op === 'Expand' ? operand.node.inputs[0]! : operand;
    if (source.splat === null)
      narrow = backend_util.assertAndGetBroadcastShape(narrow as number[], source.shape as number[]);
    return source;
  });
  return expand(pending(op, stripped, narrow, dtype, attributes), shape);
}

/** Whether `value` always is `number`: a changing factor that happens to be 1 must not change the graph. */
const isNumber = (value: Value, number: number): boolean => !value.isDerived && Object.is(value.splat, number);

function broadcast(a: Value, b: Value): Shape {
  return backend_util.assertAndGetBroadcastShape(a.shape as number[], b.shape as number[]);
}

/** Both operands must have the same numeric type already. */
export function add(a: Value, b: Value): Value {
  if (isNumber(b, 0)) return expand(a, broadcast(a, b));
  if (isNumber(a, 0)) return expand(b, broadcast(a, b));
  return fold(a, b, (x, y) => x + y) ?? elementwise('Add', [a, b], a.dtype);
}

export function subtract(a: Value, b: Value): Value {
  if (isNumber(b, 0)) return expand(a, broadcast(a, b));
  return fold(a, b, (x, y) => x - y) ?? elementwise('Sub', [a, b], a.dtype);
}

export function multiply(a: Value, b: Value): Value {
  if (isNumber(b, 1)) return expand(a, broadcast(a, b));
  if (isNumber(a, 1)) return expand(b, broadcast(a, b));
  return fold(a, b, (x, y) => x * y) ?? elementwise('Mul', [a, b], a.dtype);
}

/** Floats only. */
export function divide(a: Value, b: Value): Value {
  if (isNumber(b, 1)) return expand(a, broadcast(a, b));
  return fold(a, b, (x, y) => x / y) ?? elementwise('Div', [a, b], a.dtype);
}

/** Arithmetic on two repeated floats happens at once. */
function fold(a: Value, b: Value, compute: (x: number, y: number) => number): Value | null {
  if (a.splat === null || b.splat === null || a.dtype !== 'float32') return null;
  return splat(Math.fround(compute(a.splat, b.splat)), broadcast(a, b), 'float32', true);
}

/** `value` with another element type, by tfjs' rules: to int32 truncates, to bool is `!= 0`. */
export function cast(value: Value, dtype: NumericType): Value {
  if (value.dtype === dtype) return value;
  if (value.splat !== null) {
    const number = dtype === 'int32' ? value.splat | 0 : dtype === 'bool' ? Number(value.splat !== 0) : value.splat;
    return splat(number, value.shape, dtype, value.isDerived);
  }
  return elementwise('Cast', [value], dtype, { dtype });
}
