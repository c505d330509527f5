import type { NumericType, Value } from '../ir/value.js';
import { defineLowering } from './define.js';
import { isNumber } from './elementwise.js';
import type { Lowering } from './lowering.js';

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd';

/** Reductions to a result without the reduced axes; the recorder reshapes for `keepDims`. */
function defineReduction(op: string, reduction: Reduction): void {
  defineLowering(op, (lowering, value, node) => {
    const x = node.inputs[0]!;
    const axes = node.attributes['axes'] as readonly number[];
    lowering.provide(
      value,
      'tfjs',
      reduceBlocked(lowering, x, axes, value, reduction) ?? reducePlain(lowering, x, axes, value, reduction),
    );
  });
}

function reducePlain(
  lowering: Lowering,
  x: Value,
  axes: readonly number[],
  value: Value,
  reduction: Reduction,
): string {
  // The order of a sum must not depend on the forms that other ops happen to need.
  const isExact = reduction === 'ReduceMax' || reduction === 'ReduceMin';
  if (isExact && lowering.has(x, 'channelsFirst') && !lowering.has(x, 'tfjs') && keepsOrder(axes)) {
    const moved = axes.map((axis) => [0, 2, 3, 1][axis]!);
    return reduce(lowering, lowering.form(x, 'channelsFirst'), moved, reduction, x.dtype);
  }
  if (value.size === x.size) return lowering.graph.reshape(lowering.plain(x), value.shape);
  return reduce(lowering, lowering.plain(x), axes, reduction, x.dtype);
}

/** Whether what is left after reducing NCHW is in the order that reducing NHWC leaves. */
function keepsOrder(axes: readonly number[]): boolean {
  return axes.includes(3) || (axes.includes(1) && axes.includes(2));
}

/**
 * Sums over the pixels of whole channel blocks, which convolutions give: pixels first, then the
 * batch, since ONNX Runtime is fast for neighbouring axes only. The shape alone decides, so that a
 * sum's order of adding is always the same.
 */
function reduceBlocked(
  lowering: Lowering,
  x: Value,
  axes: readonly number[],
  value: Value,
  reduction: Reduction,
): string | null {
  if (lowering.isScalar(x) || !lowering.canBlock(x) || x.shape[1]! * x.shape[2]! === 1) return null;
  const overPixels = axes.includes(1) && axes.includes(2);
  if (!overPixels || axes.includes(3)) return null;
  const five = lowering.fiveOf(lowering.form(x, 'blocked'), x.shape);
  let name = reduce(lowering, five, [2, 3], reduction, 'float32');
  if (axes.includes(0)) name = reduce(lowering, name, [0], reduction, 'float32');
  return lowering.graph.reshape(name, value.shape);
}

/** Types that ONNX Runtime reduces directly are kept; bool goes through int32. */
function reduce(
  lowering: Lowering,
  name: string,
  axes: readonly number[],
  reduction: Reduction,
  dtype: NumericType,
): string {
  const { graph } = lowering;
  const source = dtype === 'bool' ? lowering.cast(name, 'int32') : name;
  const sorted = [...axes].sort((a, b) => a - b);
  const result =
    reduction === 'ReduceSum'
      ? graph.emit(reduction, [source, graph.indices(sorted)], { keepdims: 0 })
      : graph.emit(reduction, [source], { axes: sorted, keepdims: 0 });
  if (reduction !== 'ReduceMax' && reduction !== 'ReduceMin') return result;
  if (dtype === 'bool') return lowering.cast(result, 'bool');
  return dtype === 'float32' ? withNaN(lowering, name, result, sorted) : result;
}

/** ONNX Runtime's extremes skip NaN, tfjs' do not. */
function withNaN(lowering: Lowering, name: string, extreme: string, axes: readonly number[]): string {
  const { graph } = lowering;
  const marks = lowering.cast(isNumber(graph, name), 'int32');
  const areNumbers = graph.emit('ReduceMin', [marks], { axes, keepdims: 0 });
  return graph.emit('Where', [lowering.cast(areNumbers, 'bool'), extreme, graph.constant('float32', [], [NaN])]);
}

defineReduction('Sum', 'ReduceSum');
defineReduction('Mean', 'ReduceMean');
defineReduction('Max', 'ReduceMax');
defineReduction('Min', 'ReduceMin');
defineReduction('Prod', 'ReduceProd');

/** ArgMax and ArgMin take the first of equals, as tfjs does. */
function defineArgument(op: 'ArgMax' | 'ArgMin'): void {
  defineLowering(op, (lowering, value, node) => {
    const x = node.inputs[0]!;
    const axis = node.attributes['axis'] as number;
    const source = comparable(lowering, x, axis, op === 'ArgMax' ? -Infinity : Infinity);
    if (lowering.onDevice) {
      lowering.provide(value, 'tfjs', firstPlace(lowering, source, x, axis, op));
      return;
    }
    const attributes = { axis, keepdims: 0 };
    lowering.provide(value, 'tfjs', lowering.cast(lowering.graph.emit(op, [source], attributes), 'int32'));
  });
}

/** The place of the first extreme without the integers of 64 bits that a GPU lacks. */
function firstPlace(lowering: Lowering, source: string, x: Value, axis: number, op: 'ArgMax' | 'ArgMin'): string {
  const { graph } = lowering;
  const extent = x.shape[axis]!;
  const extreme = graph.emit(op === 'ArgMax' ? 'ReduceMax' : 'ReduceMin', [source], { axes: [axis], keepdims: 1 });
  const shape = x.shape.map((_, index) => (index === axis ? extent : 1));
  const places = graph.constant(
    'float32',
    shape,
    Array.from({ length: extent }, (_, place) => place),
  );
  const isExtreme = graph.emit('Equal', [source, extreme]);
  const found = graph.emit('Where', [isExtreme, places, graph.constant('float32', [], [extent - 1])]);
  return lowering.cast(graph.emit('ReduceMin', [found], { axes: [axis], keepdims: 0 }), 'int32');
}

/**
 * NaN never wins, unless it is first: tfjs compares with the first, and nothing compares with NaN.
 * ONNX compares no bools.
 */
function comparable(lowering: Lowering, x: Value, axis: number, worst: number): string {
  const { graph } = lowering;
  const name = lowering.plain(x);
  if (x.dtype === 'bool') return lowering.cast(name, 'int32');
  if (x.dtype === 'int32') return name;
  const extent = x.shape[axis]!;
  const ranks = Array.from({ length: extent }, (_, index) => (index === 0 ? -worst : worst));
  const shape = x.shape.map((_, index) => (index === axis ? extent : 1));
  return graph.emit('Where', [isNumber(graph, name), name, graph.constant('float32', shape, ranks)]);
}

defineArgument('ArgMax');
defineArgument('ArgMin');
