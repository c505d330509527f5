import type { Value } from '../ir/value.js';
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
  const split = graph.reshape(lowering.plain(filter), [h, w, i / block, block, o / block, block]);
  return graph.reshape(graph.transpose(split, [4, 2, 0, 1, 3, 5]), [o, i, h, w]);
}

/** The blocked filter of the input gradient: turned by 180 degrees, inputs and outputs swapped. */
export function turnedBlockedFilter(lowering: Lowering, filter: Value): string {
  const { graph, blockSize: block } = lowering;
  const [h, w, i, o] = filter.shape as unknown as FilterShape;
  const turned = turn(lowering, lowering.plain(filter), h, w);
  const split = graph.reshape(turned, [h, w, i / block, block, o / block, block]);
  return graph.reshape(graph.transpose(split, [2, 4, 0, 1, 5, 3]), [i, o, h, w]);
}

function turn(lowering: Lowering, filter: string, h: number, w: number): string {
  if (h * w === 1) return filter;
  const { graph } = lowering;
  const beforeStart = -(2 ** 31);
  return graph.emit('Slice', [
    filter,
    graph.indices([h - 1, w - 1]),
    graph.indices([beforeStart, beforeStart]),
    graph.indices([0, 1]),
    graph.indices([-1, -1]),
  ]);
}
