import type { Lowering } from '../lowering.js';
import { blockedFilter, type Filter } from './operands.js';

/** A filter whose groups of outputs each see their own inputs. */
export interface GroupedFilter extends Filter {
  readonly groups: number;
}

/**
 * Most groups taken as one: their filters then have zeros for each other's inputs, so that work
 * grows as often. ONNX Runtime's blocked convolution gains more than that over one matrix product
 * per group.
 */
const mostMerged = 4;

/** One filter per channel. */
function isDepthwise({ groups, shape: [, , inputs, outputs] }: GroupedFilter): boolean {
  return inputs === 1 && outputs === groups;
}

/**
 * The same convolution with groups that fill blocks of channels on both sides, or null where it
 * takes too many of them.
 */
export function blockedGroups(lowering: Lowering, filter: GroupedFilter): GroupedFilter | null {
  const { groups, shape } = filter;
  const [, , inputs, outputs] = shape;
  const block = lowering.blockSize;
  if (block === 0 || outputs % block !== 0) return null;
  if (isDepthwise(filter)) return filter;
  const made = outputs / groups;
  for (let merged = 1; merged <= Math.min(mostMerged, groups); merged++)
    if (groups % merged === 0 && (merged * inputs) % block === 0 && (merged * made) % block === 0)
      return mergedGroups(lowering, filter, merged);
  return null;
}

/** Every `count` groups as one, whose filter has theirs on its diagonal. */
function mergedGroups({ graph }: Lowering, filter: GroupedFilter, count: number): GroupedFilter {
  if (count === 1) return filter;
  const { name, groups, shape } = filter;
  const [h, w, inputs, outputs] = shape;
  const [taps, rest, made] = [h * w, groups / count, outputs / groups];
  const size = inputs * made;
  const perGroup = graph.transpose(graph.reshape(name, [taps, inputs, groups, made]), [0, 2, 1, 3]);
  // With as many zeros behind each filter as `count` of them have numbers, it moves on by one in each row.
  const rows = graph.reshape(perGroup, [taps * rest, count, size]);
  const spread = graph.emit('Pad', [rows, graph.indices([0, 0, 0, 0, 0, count * size])]);
  const flat = graph.reshape(spread, [taps * rest, count * (count + 1) * size]);
  const diagonal = graph.emit('Slice', [
    flat,
    graph.indices([0]),
    graph.indices([count * count * size]),
    graph.indices([1]),
  ]);
  const axes = graph.transpose(graph.reshape(diagonal, [taps, rest, count, count, inputs, made]), [0, 2, 4, 1, 3, 5]);
  return {
    name: graph.reshape(axes, [h, w, count * inputs, outputs]),
    shape: [h, w, count * inputs, outputs],
    groups: rest,
  };
}

/**
 * The filter of the input gradient, which takes outputs to inputs: some taps, counted along rows,
 * that fill a window of `size` in the given order.
 */
export function turnedTaps(
  { graph }: Lowering,
  { name, groups, shape }: GroupedFilter,
  taps: readonly number[],
  size: readonly [height: number, width: number],
): GroupedFilter {
  const [h, w, inputs, outputs] = shape;
  const made = outputs / groups;
  const all = graph.reshape(name, [h * w, inputs, groups, made]);
  const isWhole = taps.length === h * w && taps.every((tap, i) => tap === i);
  const chosen = isWhole ? all : graph.emit('Gather', [all, graph.constant('int32', [taps.length], taps)], { axis: 0 });
  const swapped = inputs === 1 && made === 1 ? chosen : graph.transpose(chosen, [0, 3, 2, 1]);
  return {
    name: graph.reshape(swapped, [...size, made, groups * inputs]),
    shape: [...size, made, groups * inputs],
    groups,
  };
}

/** The filter in the form that a blocked convolution takes. */
export function blockedForm(lowering: Lowering, filter: GroupedFilter): string {
  if (!isDepthwise(filter)) return blockedFilter(lowering, filter);
  const { graph, blockSize: block } = lowering;
  const [h, w, , channels] = filter.shape;
  const split = graph.reshape(filter.name, [h * w, channels / block, block]);
  return graph.reshape(graph.transpose(split, [1, 0, 2]), [channels, 1, h, w]);
}
