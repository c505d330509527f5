import type { Value } from '../ir/value.js';
import { defineLowering } from './define.js';
import { isNumber } from './elementwise.js';
import type { Lowering } from './lowering.js';

/**
 * Values and int64 indices of the `count` largest along the last axis, as one ONNX op for both
 * results.
 */
function largest(lowering: Lowering, x: Value, count: number): readonly string[] {
  const { graph } = lowering;
  const name = lowering.plain(x);
  // NaN has no order, and sorting by a comparison that is not an order may read anywhere.
  const key =
    x.dtype === 'float32'
      ? graph.emit('Where', [isNumber(graph, name), name, graph.constant('float32', [], [-Infinity])])
      : name;
  // On a GPU a row of infinities has no place: ONNX Runtime 1.30 starts at the least finite number.
  const sorted =
    lowering.onDevice && x.dtype === 'float32' ? graph.emit('Max', [key, graph.constant('float32', [], [-3e38])]) : key;
  return graph.emitMany('TopK', [sorted, graph.indices([count])], 2, { axis: -1 });
}

/** Most places that are looked for one after the other on a GPU; more are sorted, partly on the CPU. */
const fewPlaces = 32;

/**
 * The places of the `count` largest along the last axis, the largest first, without the integers of
 * 64 bits that a GPU lacks: each is the first extreme of those that are left.
 */
function placesOneByOne(lowering: Lowering, x: Value, count: number): string {
  const { graph } = lowering;
  const axis = x.shape.length - 1;
  const extent = x.shape[axis]!;
  const constant = (values: readonly number[]): string =>
    graph.constant('float32', values.length === 1 ? [] : [...new Array<number>(axis).fill(1), extent], values);
  const places = constant(Array.from({ length: extent }, (_, place) => place));
  const name = x.dtype === 'float32' ? lowering.plain(x) : lowering.cast(lowering.plain(x), 'float32');
  const source = graph.emit('Where', [isNumber(graph, name), name, constant([-Infinity])]);
  const extreme = (op: string, values: string): string => graph.emit(op, [values], { axes: [axis], keepdims: 1 });
  let left: string | null = null;
  const found: string[] = [];
  for (let i = 0; i < count; i++) {
    const values: string = left === null ? source : graph.emit('Where', [left, source, constant([-Infinity])]);
    const isLargest = graph.emit('Equal', [values, extreme('ReduceMax', values)]);
    const isNext = left === null ? isLargest : graph.emit('And', [isLargest, left]);
    const place = extreme('ReduceMin', graph.emit('Where', [isNext, places, constant([extent - 1])]));
    found.push(place);
    const isOther = graph.emit('Not', [graph.emit('Equal', [places, place])]);
    left = left === null ? isOther : graph.emit('And', [left, isOther]);
  }
  return lowering.cast(found.length === 1 ? found[0]! : graph.emit('Concat', found, { axis }), 'int32');
}

function countOf(value: Value): number {
  return value.shape[value.shape.length - 1]!;
}

defineLowering('TopKIndices', (lowering, value, node) => {
  const [x] = node.inputs as [Value];
  if (lowering.onDevice && countOf(value) <= fewPlaces) {
    lowering.provide(value, 'tfjs', placesOneByOne(lowering, x, countOf(value)));
    return;
  }
  const [, indices] = largest(lowering, x, countOf(value));
  lowering.provide(value, 'tfjs', lowering.cast(indices!, 'int32'));
});

/** Floats are fetched by their indices, so that NaN comes out as NaN. */
defineLowering('TopKValues', (lowering, value, node) => {
  const x = node.inputs[0]!;
  const [values, indices] = largest(lowering, x, countOf(value));
  const name =
    x.dtype === 'float32'
      ? lowering.graph.emit('GatherElements', [lowering.plain(x), indices!], { axis: x.shape.length - 1 })
      : values!;
  lowering.provide(value, 'tfjs', name);
});

defineLowering('Cumsum', (lowering, value, node) => {
  const { graph } = lowering;
  const { axis, exclusive, reverse } = node.attributes as { axis: number; exclusive: boolean; reverse: boolean };
  const inputs = [lowering.plain(node.inputs[0]!), graph.constant('int64', [], [axis])];
  const name = graph.emit('CumSum', inputs, { exclusive: Number(exclusive), reverse: Number(reverse) });
  lowering.provide(value, 'tfjs', name);
});
