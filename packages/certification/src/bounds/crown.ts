import type { LayerGraph, LayerNode } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { isLoose, type Slopes } from './activations.js';
import { backward, type Question } from './backward.js';
import { createContext, isFirst, type Context, type Ends, type NonLinear } from './context.js';
import { keepsCrop, type Crop } from './crop.js';
import { lowestExactly, lowestOnDevice, type InputSet } from './input-set.js';
import { contested } from './max-pool.js';

/** Where the bounds of what activations read come from, and how far the question itself is followed. */
export type Method = 'ibp' | 'crown-ibp' | 'crown';

export interface BoundsOptions {
  readonly method: Method;
  /** Whether rounding is covered. */
  readonly isOutward: boolean;
  /** Lower slopes of the bounds inside. */
  readonly slopes: Slopes;
  /** Whether bounds inside are cut with the intervals. */
  readonly isCut: boolean;
  /** Bytes that the coefficients of one pass may take. */
  readonly memory: number;
  /** Shortest side of the parts that images are followed in, from twice as long on. Default 4. */
  readonly tile?: number | undefined;
}

/** Bounds of every node, by a method; the caller disposes it. */
export function boundsInside(graph: LayerGraph, set: InputSet, options: BoundsOptions): Promise<Context> {
  const { method, isOutward } = options;
  return createContext(graph, set, {
    isOutward,
    hasLines: method !== 'ibp',
    ...(method === 'crown' && {
      tighten: (so: Context, node: NonLinear, ends: Ends) => tighter(so, node, ends, options),
    }),
  });
}

/** Better ends for what a node reads, by CROWN, where they matter. */
async function tighter(context: Context, node: NonLinear, ends: Ends, options: BoundsOptions): Promise<Ends> {
  const { graph, set } = context;
  const source = graph.nodes[node.inputs[0]!]!;
  // The interval behind an activation is that in front of it.
  if (isFirst(graph.nodes, source) || source.op === 'activation') return ends;
  const size = ends.low.length / set.count;
  // An example gets the rows that it needs itself, so that its bounds do not depend on the others.
  const wanted = Array.from({ length: set.count }, (_, n) => {
    if (node.op === 'maxPool') return contested(node, source.shape, ends.low, ends.high, n * size);
    const all = Array.from({ length: size }, (_none, i) => i);
    const at = n * size;
    return new Set(
      all.filter((i) => !options.isCut || isLoose(node.activation, ends.low[at + i]!, ends.high[at + i]!)),
    );
  });
  const [low, high] = [ends.low.slice(), ends.high.slice()];
  const take = (rows: number, some: readonly number[], values: Float32Array): void => {
    for (let n = 0; n < set.count; n++)
      some.forEach((i, row) => {
        if (!wanted[n]!.has(i)) return;
        const at = n * size + i;
        const [l, h] = [values[n * 2 * rows + row]!, -values[n * 2 * rows + rows + row]!];
        low[at] = options.isCut ? Math.max(low[at]!, l) : l;
        high[at] = options.isCut ? Math.min(high[at]!, h) : h;
        // Without room for rounding the ends of a point may cross.
        if (low[at]! > high[at]!) [low[at], high[at]] = [high[at]!, low[at]!];
      });
  };
  const neurons = [...new Set(wanted.flatMap((each) => [...each]))].sort((a, b) => a - b);
  for (const { crop, inside } of tilesOf(context, source, neurons, options.tile)) {
    if (crop) await loadSizes(context, source.id);
    const area = crop ? crop.h * crop.w * source.shape[2]! : size;
    const chunk = rowsAtOnce(graph, set.count, (options.memory / 2) * Math.max(1, size / area / 4));
    for (let from = 0; from < inside.length; from += chunk) {
      const some = inside.slice(from, from + chunk);
      const rows = bucket(some.length, chunk);
      const found = tf.tidy(() => {
        const places = Int32Array.from({ length: rows }, (_, i) =>
          placeIn(crop, source.shape, some[Math.min(i, some.length - 1)]!),
        );
        const one = tf.oneHot(tf.tensor1d(places, 'int32'), area);
        const both = tf.cast(tf.concat([one, tf.neg(one)]), 'float32');
        const all = tf.tile(tf.reshape(both, [1, 2 * rows, area]), [set.count, 1, 1]);
        return lowerOnDevice(context, { node: source.id, rows: all, crop, until: 'input', slopes: options.slopes });
      });
      const values = (await found.data()) as Float32Array;
      found.dispose();
      take(rows, some, values);
    }
  }
  return { low, high };
}

interface Tile {
  readonly crop: Crop | undefined;
  readonly inside: readonly number[];
}

/**
 * Neurons of an image by place: what they read is a small part of the layers below, so that only
 * this is followed. For one example, where every part has lines of its own.
 */
function tilesOf({ set, graph }: Context, source: LayerNode, neurons: readonly number[], shortest = 4): Tile[] {
  const [height, width, c] = source.shape as [number, number, number];
  const isImage = source.shape.length === 3 && keepsCrop(source);
  if (set.count > 1 || !isImage || Math.min(height, width) < 2 * shortest || graph.inputShape.length !== 3)
    return [{ crop: undefined, inside: neurons }];
  const sides = [height, width].map((side) => Math.max(shortest, Math.ceil(side / 4))) as [number, number];
  const tiles = new Map<string, { crop: Crop; inside: number[] }>();
  for (const i of neurons) {
    const [y, x] = [Math.floor(i / (width * c)), Math.floor(i / c) % width];
    const [top, left] = [Math.floor(y / sides[0]) * sides[0], Math.floor(x / sides[1]) * sides[1]];
    const key = `${top} ${left}`;
    let tile = tiles.get(key);
    if (!tile) {
      const [h, w] = [Math.min(sides[0], height - top), Math.min(sides[1], width - left)];
      tiles.set(key, (tile = { crop: { y: top, x: left, h, w }, inside: [] }));
    }
    tile.inside.push(i);
  }
  return [...tiles.values()];
}

/** The place of a neuron of an image in a crop of it. */
function placeIn(crop: Crop | undefined, [, width, c]: readonly number[], i: number): number {
  if (!crop) return i;
  const [y, x] = [Math.floor(i / (width! * c!)), Math.floor(i / c!) % width!];
  return ((y - crop.y) * crop.w + x - crop.x) * c! + (i % c!);
}

/** Reads the sizes of intervals up to a node, for crops of them. */
async function loadSizes({ intervals, sizes, isOutward }: Context, last: number): Promise<void> {
  if (!isOutward) return;
  for (let id = 0; id <= last; id++)
    if (!sizes.has(id)) sizes.set(id, (await intervals[id]!.size!.data()) as Float32Array);
}

/** Lower bounds [n, rows] in float32; the caller's. */
export function lowerOnDevice(context: Context, question: Question): Tensor {
  const { value, loss, input } = backward(context, question);
  return tf.tidy(() => {
    const fixed = tf.sub(value, loss);
    tf.dispose([value, loss]);
    if (!input) return fixed;
    const end = lowestOnDevice(input, context.inputs, context.set, context.isOutward);
    input.dispose();
    const sum = tf.add(fixed, end);
    if (!context.isOutward) return sum;
    return tf.sub(sum, tf.mul(tf.add(tf.abs(fixed), tf.abs(end)), 2 ** -21));
  });
}

/** Told the coefficients of the input of a row; where the point that its bound stands on is written, if anywhere. */
export type Points = (example: number, row: number, coefficients: ArrayLike<number>) => Float64Array | undefined;

/** Lower bounds [n * rows] in float64, the end at the input computed there. */
export async function lowerExactly(context: Context, question: Question, points?: Points): Promise<Float64Array> {
  const { value, loss, input } = backward(context, question);
  try {
    const [fixed, lost, a] = await Promise.all([value.data(), loss.data(), input?.data()]);
    const [n, rows] = value.shape as [number, number];
    const size = input?.shape[2] ?? 0;
    return Float64Array.from({ length: n * rows }, (_, i) => {
      const example = Math.floor(i / rows);
      const at = a && points?.(example, i % rows, (a as Float32Array).subarray(i * size, (i + 1) * size));
      const end = a ? lowestExactly(a, i * size, context.set, example, at) : 0;
      return fixed[i]! - lost[i]! + end;
    });
  } finally {
    tf.dispose([value, loss]);
    input?.dispose();
  }
}

/** The larger of two lists of bounds, place by place. */
export function betterOf(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => (b[i]! > value || Number.isNaN(value) ? b[i]! : value));
}

/** Size of the largest node. */
export function widest({ nodes }: LayerGraph): number {
  return Math.max(...nodes.map(({ shape }) => shape.reduce((product, side) => product * side, 1)));
}

/** Rows of coefficients that fit in the memory; a node holds about three arrays of them at a time. */
export function rowsAtOnce(graph: LayerGraph, examples: number, memory: number): number {
  const most = Math.floor(memory / (examples * widest(graph) * 12));
  return 2 ** Math.max(0, Math.min(10, Math.floor(Math.log2(Math.max(1, most)))));
}

/** Few sizes of a chunk, so that a compiled backend compiles few graphs. */
function bucket(count: number, most: number): number {
  let size = Math.min(8, most);
  while (size < count) size *= 2;
  return Math.min(size, most);
}
