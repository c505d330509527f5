import type { Attributes, Node, NumericType, Shape, Value } from '../ir/value.js';
import type { Layout, Lowering } from './lowering.js';
import { sameShape } from '../ir/shape.js';
import type { GraphBuilder } from '../onnx/builder.js';

/** Emits ONNX for one recorded op and provides at least one form of its result. */
type Lower = (lowering: Lowering, value: Value, node: Node) => void;

const lowerings = new Map<string, Lower>();

export function defineLowering(op: string, lower: Lower): void {
  lowerings.set(op, lower);
}

export function lowerNode(lowering: Lowering, value: Value): void {
  const node = value.node!;
  const lower = lowerings.get(node.op);
  if (!lower) throw new Error(`No lowering is defined for the recorded op ${node.op}`);
  lower(lowering, value, node);
}

/** What an elementwise op may look at besides its operands' names. */
interface ElementwiseInfo {
  readonly attributes: Attributes;
  readonly dtype: NumericType;
  readonly inputTypes: readonly NumericType[];
}

/** Emits an elementwise op on broadcast-ready operands, in whatever layout they are. */
type EmitElementwise = (graph: GraphBuilder, operands: readonly string[], info: ElementwiseInfo) => string;

/** Defines the lowering of an elementwise op: layouts and broadcasting are handled here. */
export function defineElementwise(op: string, emit: EmitElementwise): void {
  defineLowering(op, (lowering, value, node) => {
    const layout = layoutFor(lowering, op, value.shape, node.inputs);
    const five =
      layout === 'blocked' &&
      node.inputs.some((input) => !lowering.isScalar(input) && !sameShape(input.shape, value.shape));
    const isCovered = coversShape(lowering, node.inputs, value.shape);
    const spare = layout === 'tfjs' && isCovered ? spareAxes(value) : 0;
    const operands = node.inputs.map((input) => {
      const name = lowering.operand(input, value.shape, layout, five);
      return spare > 0 && !lowering.isScalar(input) ? lowering.withoutLast(name, input.shape, spare) : name;
    });
    const info = {
      attributes: node.attributes,
      dtype: value.dtype,
      inputTypes: node.inputs.map((input) => input.dtype),
    };
    let name = emit(lowering.graph, operands, info);
    if (spare > 0) name = lowering.withLast(name, value.shape, spare);
    if (!isCovered) name = lowering.graph.emit('Expand', [name, lowering.graph.indices(value.shape)]);
    lowering.provide(value, layout, five ? lowering.fourOf(name, value.shape) : name);
  });
}

/** Axes of extent one at the end: with one there, ONNX Runtime walks over the broadcast element by element. */
function spareAxes(value: Value): number {
  if (value.size < 1024) return 0;
  let count = 0;
  while (value.shape[value.shape.length - 1 - count] === 1) count++;
  return count;
}

/**
 * Ops whose result for an element is not always the same: vector code and the scalar code for the last few elements of a
 * block approximate differently, so where an element lies in memory matters.
 */
const approximated = new Set(
  'Exp Log Sqrt Rsqrt Sigmoid Tanh Reciprocal Erf Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Elu Selu Softplus Pow Log1p Expm1'.split(
    ' ',
  ),
);

/** The layout the result gets: that of its full-size operands, so that chains stay where the convolutions put them. */
function layoutFor(lowering: Lowering, op: string, shape: Shape, inputs: readonly Value[]): Layout {
  if (shape.length !== 4) return 'tfjs';
  const full = inputs.filter((input) => !lowering.isScalar(input) && sameShape(input.shape, shape));
  const canBlock = lowering.blockSize > 0 && shape[3]! % lowering.blockSize === 0;
  if (lowering.isolated && approximated.has(op)) return canBlock && full.length > 0 ? 'blocked' : 'tfjs';
  if (canBlock && full.some((input) => lowering.has(input, 'blocked'))) return 'blocked';
  if (full.some((input) => lowering.has(input, 'channelsFirst') && !lowering.has(input, 'tfjs')))
    return 'channelsFirst';
  return 'tfjs';
}

/** Whether broadcasting the operands gives the whole result (scalars alone do not). */
function coversShape(lowering: Lowering, inputs: readonly Value[], shape: Shape): boolean {
  return shape.every((extent, axis) => {
    if (extent === 1)
      return inputs.some((input) => !lowering.isScalar(input) && input.shape.length >= shape.length - axis);
    return inputs.some((input) => {
      const own = axis - (shape.length - input.shape.length);
      return !lowering.isScalar(input) && own >= 0 && input.shape[own] === extent;
    });
  });
}
