import { sameShape } from '../ir/shape.js';
import type { Attributes, Node, NumericType, Shape, Value } from '../ir/value.js';
import type { GraphBuilder } from '../onnx/builder.js';
import type { Layout, Lowering } from './lowering.js';

/** Emits ONNX for one recorded op and provides at least one form of its result. */
type Lower = (lowering: Lowering, value: Value, node: Node) => void;

/**
 * What an op does with the filter of a convolution: its second input, or what its result is the
 * gradient of.
 */
export type FilterRole = 'applies' | 'differentiates';

interface Definition {
  readonly lower: Lower;
  readonly filter: FilterRole | undefined;
}

/** The lowering of every recorded op. */
export const lowerings = new Map<string, Definition>();

/**
 * Defines how a recorded op becomes ONNX ops; `filter` tells what it does with a filter, if it has
 * one.
 */
export function defineLowering(op: string, lower: Lower, filter?: FilterRole): void {
  lowerings.set(op, { lower, filter });
}

export function lowerNode(lowering: Lowering, value: Value): void {
  const node = value.node!;
  const definition = lowerings.get(node.op);
  if (!definition) throw new Error(`No lowering is defined for the recorded op ${node.op}`);
  definition.lower(lowering, value, node);
}

export function filterRole(op: string): FilterRole | undefined {
  return lowerings.get(op)?.filter;
}

/** What an elementwise op may look at besides its operands' names. */
interface ElementwiseInfo {
  readonly attributes: Attributes;
  readonly dtype: NumericType;
  readonly inputTypes: readonly NumericType[];
  /** On a GPU there are no 64 bits: such a node would run on the CPU, between two copies. */
  readonly onDevice: boolean;
}

/** Emits an elementwise op on broadcast-ready operands, in whatever layout they are. */
type EmitElementwise = (graph: GraphBuilder, operands: readonly string[], info: ElementwiseInfo) => string;

/** Defines the lowering of an elementwise op: layouts and broadcasting are handled here. */
export function defineElementwise(op: string, emit: EmitElementwise, isApproximated = false): void {
  defineLowering(op, (lowering, value, node) => {
    const layout = layoutFor(lowering, isApproximated, value.shape, node.inputs);
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
      onDevice: lowering.onDevice,
    };
    let name = emit(lowering.graph, operands, info);
    if (spare > 0) name = lowering.withLast(name, value.shape, spare);
    if (!isCovered) name = lowering.graph.emit('Expand', [name, lowering.graph.indices(value.shape)]);
    lowering.provide(value, layout, five ? lowering.fourOf(name, value.shape) : name);
  });
}

/**
 * Likewise for an op whose result for an element is not always the same: vector code and the scalar
 * code for the last few elements of a block approximate differently, so where an element lies in
 * memory matters.
 */
export function defineApproximated(op: string, emit: EmitElementwise): void {
  defineElementwise(op, emit, true);
}

/**
 * Axes of extent one at the end: with one there, ONNX Runtime walks over the broadcast element by
 * element.
 */
function spareAxes(value: Value): number {
  if (value.size < 1024) return 0;
  let count = 0;
  while (value.shape[value.shape.length - 1 - count] === 1) count++;
  return count;
}

/**
 * The layout the result gets: that of its full-size operands, so that chains stay where the
 * convolutions put them.
 */
function layoutFor(lowering: Lowering, isApproximated: boolean, shape: Shape, inputs: readonly Value[]): Layout {
  if (shape.length !== 4) return 'tfjs';
  const full = inputs.filter((input) => !lowering.isScalar(input) && sameShape(input.shape, shape));
  const canBlock = lowering.blockSize > 0 && shape[3]! % lowering.blockSize === 0;
  if (lowering.isolated && isApproximated) return canBlock && full.length > 0 ? 'blocked' : 'tfjs';
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
