import type { Value } from '../ir/value.js';
import { blockedDomain } from '../onnx/builder.js';
import type { Lowering } from './lowering.js';

type FilterShape = readonly [height: number, width: number, inputs: number, outputs: number];

/** A tfjs filter [h, w, in, out] as ONNX wants it: [out, in, h, w]. */
export function channelsFirstFilter(lowering: Lowering, filter: Value): string {
  const [h, w, i, o] = filter.shape as unknown as FilterShape;
  if (h * w === 1)
    return lowering.graph.reshape(lowering.graph.transpose(lowering.plain(filter), [3, 2, 0, 1]), [o, i, 1, 1]);
  return lowering.graph.transpose(lowering.plain(filter), [3, 2, 0, 1]);
}

/** The filter with both channel axes blocked; with fewer inputs than a block, only the outputs are. */
export function blockedFilter(lowering: Lowering, filter: Value): string {
  const { graph, blockSize: block } = lowering;
  const [h, w, i, o] = filter.shape as unknown as FilterShape;
  if (i < block) {
    const split = graph.reshape(lowering.plain(filter), [h, w, i, o / block, block]);
    return graph.reshape(graph.transpose(split, [3, 2, 0, 1, 4]), [o, i, h, w]);
  }
  // Taps as images of one row, inputs as pixels: ONNX Runtime blocks the outputs on all threads.
  const outputsBlocked = graph.emit(
    'ReorderInput',
    [graph.reshape(lowering.plain(filter), [h * w, 1, i, o])],
    { channels_last: 1 },
    blockedDomain,
  );
  const split = graph.reshape(outputsBlocked, [h * w, o / block, i / block, block * block]);
  return graph.reshape(h * w === 1 ? split : graph.transpose(split, [1, 2, 0, 3]), [o, i, h, w]);
}

/** The blocked filter of the input gradient: turned by 180 degrees, inputs and outputs swapped. */
export function turnedBlockedFilter(lowering: Lowering, filter: Value): string {
  const { graph, blockSize: block } = lowering;
  const [h, w, i, o] = filter.shape as unknown as FilterShape;
  const inputsBlocked = graph.emit(
    'ReorderInput',
    [graph.reshape(turn(lowering, lowering.plain(filter), filter), [h * w, i, 1, o])],
    {},
    blockedDomain,
  );
  const split = graph.reshape(inputsBlocked, [h * w, i / block, o / block, block * block]);
  return graph.reshape(h * w === 1 ? split : graph.transpose(split, [1, 2, 0, 3]), [i, o, h, w]);
}

/** All taps in reverse order; by index, since ONNX Runtime slices on one thread. */
function turn(lowering: Lowering, name: string, filter: Value): string {
  const { graph } = lowering;
  const [h, w, i, o] = filter.shape as unknown as FilterShape;
  const taps = h * w;
  if (taps === 1) return name;
  const reversed = graph.constant(
    'int32',
    [taps],
    Array.from({ length: taps }, (_, tap) => taps - 1 - tap),
  );
  return graph.emit('Gather', [graph.reshape(name, [taps, i, o]), reversed], { axis: 0 });
}
