import type { LayerGraph, LayerNode } from '@advrob/models/layer-graph';
import { runNode } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { freeSlopes, linesAround, type Slopes } from './activations.js';
import { inputTensors, type InputSet, type InputTensors } from './input-set.js';
import { intervalOf, largest, type Interval, type Reach } from './interval.js';
import { poolLines, type PoolLines } from './max-pool.js';

/** Lines around every value of an activation on this machine, [n * size] each. */
export interface LineValues {
  readonly lowSlope: Float32Array;
  readonly highSlope: Float32Array;
  readonly lowShift: Float32Array | undefined;
  readonly highShift: Float32Array | undefined;
}

/** The same, [n, size] each. */
export interface ActivationLines {
  readonly values: LineValues;
  readonly lowSlope: Tensor;
  readonly highSlope: Tensor;
  /** Undefined where all are 0. */
  readonly lowShift: Tensor | undefined;
  readonly highShift: Tensor | undefined;
  /** Where the lower line may be any through the origin with a slope from `low` to `high`: 1, else 0. */
  readonly free: { readonly mask: Tensor; readonly low: number; readonly high: number } | undefined;
}

export type NonLinear = LayerNode & { readonly op: 'activation' | 'maxPool' };

/** Ends [n, size] of what goes into a node that is not linear. */
export interface Ends {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Bounds of every node of a graph over a set of inputs. Its tensors are its own. */
export interface Context {
  readonly graph: LayerGraph;
  readonly set: InputSet;
  readonly isOutward: boolean;
  readonly intervals: readonly Interval[];
  readonly inputs: InputTensors;
  /** By the node that an activation or a pooling reads. */
  readonly ends: ReadonlyMap<number, Ends>;
  /** How many nodes read each. */
  readonly readers: readonly number[];
  /** Nodes that an activation or a pooling reads. */
  readonly isBent: ReadonlySet<number>;
  /** Sizes of intervals on this machine, by node: what crops read. */
  readonly sizes: Map<number, Float32Array>;
  /** Rows that were followed to the input, of each example. */
  readonly work: { rows: number };
  linesOf(node: NonLinear, slopes: Slopes): ActivationLines | PoolLines;
  dispose(): void;
}

export interface ContextOptions {
  readonly isOutward: boolean;
  /** Whether lines are wanted; intervals need none. */
  readonly hasLines: boolean;
  /** Better ends of what a node reads, from the bounds so far. */
  readonly tighten?: (so: Context, node: NonLinear, ends: Ends) => Promise<Ends>;
}

/** Bounds of every node in turn: from those of its inputs, made tighter where a node is not linear. */
export async function createContext(graph: LayerGraph, set: InputSet, options: ContextOptions): Promise<Context> {
  const { isOutward, hasLines, tighten } = options;
  const { nodes } = graph;
  const owned: Tensor[] = [];
  const own = <T>(body: () => T): T => {
    const made = tf.tidy(() => body() as tf.TensorContainer) as T;
    owned.push(...tensorsIn(made).map((each) => tf.keep(each)));
    return made;
  };
  const intervals: Interval[] = [];
  const reaches = new Map<number, Reach>();
  const ends = new Map<number, Ends>();
  const lines = new Map<string, ActivationLines | PoolLines>();
  const readers = nodes.map(() => 0);
  for (const { inputs } of nodes) for (const each of inputs) readers[each]!++;
  const inputs = own(() => inputTensors(set));
  const context: Context = {
    graph,
    set,
    isOutward,
    intervals,
    inputs,
    ends,
    readers,
    sizes: new Map(),
    work: { rows: 0 },
    isBent: new Set(nodes.filter(isNonLinear).map((node) => node.inputs[0]!)),
    linesOf(node, slopes) {
      const key = `${node.id} ${node.op === 'maxPool' ? '' : slopes}`;
      let found = lines.get(key);
      if (found === undefined) lines.set(key, (found = own(() => linesFor(nodes, node, ends, set.count, slopes))));
      return found;
    },
    dispose: () => tf.dispose(owned),
  };
  try {
    for (const node of nodes) {
      if (isNonLinear(node) && hasLines) {
        const before = nodes[node.inputs[0]!]!;
        let known = ends.get(before.id);
        if (known === undefined) {
          known = await endsOf(intervals[before.id]!);
          if (tighten) {
            known = await tighten(context, node, known);
            intervals[before.id] = own(() => withEnds(intervals[before.id]!, known!, isOutward));
          }
          ends.set(before.id, known);
        }
      }
      intervals.push(own(() => intervalFrom(node, context, reaches)));
    }
    return context;
  } catch (error) {
    context.dispose();
    throw error;
  }
}

export function isNonLinear(node: LayerNode): node is NonLinear {
  return node.op === 'activation' || node.op === 'maxPool';
}

/** Whether the interval of a node is as good as any: it reads the input through one layer alone. */
export function isFirst(nodes: readonly LayerNode[], { id, op, inputs }: LayerNode): boolean {
  const isLayer = op === 'dense' || op === 'conv2d';
  const passes = ['affine', 'reshape', 'transpose', 'input'];
  let at = isLayer ? nodes[inputs[0]!]! : nodes[id]!;
  while (passes.includes(at.op) && at.op !== 'input') at = nodes[at.inputs[0]!]!;
  return at.op === 'input';
}

function intervalFrom(node: LayerNode, { intervals, inputs, set, isOutward }: Context, reaches: Map<number, Reach>) {
  const shape = [set.count, ...node.shape];
  if (node.op === 'input') {
    const { center, epsilon } = inputs;
    if (set.ball && center && epsilon) {
      const { norm } = set.ball;
      const scale = tf.ones([1, ...node.shape.map(() => 1)]);
      reaches.set(node.id, { norm, epsilon, scale, center: tf.reshape(center, shape) });
    }
    const [low, high] = [tf.reshape(inputs.low, shape), tf.reshape(inputs.high, shape)];
    return withReachOf(reaches, node.id, isOutward ? { low, high, size: largest(low, high) } : { low, high });
  }
  const [source] = node.inputs as [number];
  const reach = reaches.get(source);
  const found = intervalOf(
    node,
    node.inputs.map((id) => intervals[id]!),
    isOutward,
    reach,
  );
  if (!reach || !['affine', 'reshape', 'transpose'].includes(node.op)) return found;
  const wide = tf.mul(tf.ones([1, ...intervals[source]!.low.shape.slice(1)]), reach.scale);
  const isScaled = node.op === 'affine';
  const scale = isScaled ? (node.scale ? tf.mul(wide, tf.abs(node.scale)) : wide) : runNode(node, [wide]);
  reaches.set(node.id, { ...reach, scale, center: runNode(node, [reach.center]) });
  return withReachOf(reaches, node.id, found);
}

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

/** So that a reach lives as long as the interval beside it. */
function withReachOf(reaches: Map<number, Reach>, id: number, interval: Interval): Interval {
  const reach = reaches.get(id);
  return reach ? { ...interval, ...{ reach: [reach.scale, reach.center] } } : interval;
}

async function endsOf({ low, high }: Interval): Promise<Ends> {
  const [l, h] = (await Promise.all([low.data(), high.data()])) as [Float32Array, Float32Array];
  return { low: l, high: h };
}

function withEnds(interval: Interval, { low, high }: Ends, isOutward: boolean): Interval {
  const { shape } = interval.low;
  const [l, h] = [tf.tensor(low, shape), tf.tensor(high, shape)];
  // The size of a sum is that of its summands, whatever it is itself.
  return isOutward ? { low: l, high: h, size: tf.clone(interval.size!) } : { low: l, high: h };
}

function linesFor(
  nodes: readonly LayerNode[],
  node: NonLinear,
  ends: ReadonlyMap<number, Ends>,
  count: number,
  slopes: Slopes,
): ActivationLines | PoolLines {
  const { low, high } = ends.get(node.inputs[0]!)!;
  if (node.op === 'maxPool') return poolLines(node, nodes[node.inputs[0]!]!.shape, low, high, count);
  const { activation } = node;
  const [lowSlope, lowShift, highSlope, highShift, mask] = Array.from(
    { length: 5 },
    () => new Float32Array(low.length),
  );
  const range = freeSlopes(activation);
  let [hasLow, hasHigh, hasFree] = [false, false, false];
  for (let i = 0; i < low.length; i++) {
    const [l, u] = [low[i]!, high[i]!];
    if (activation.kind === 'relu' && (l >= 0 || u <= 0)) {
      // Most of the neurons of a network.
      lowSlope![i] = highSlope![i] = l >= 0 ? 1 : 0;
      continue;
    }
    const found = linesAround(activation, l, u, slopes);
    lowSlope![i] = found.lowSlope;
    lowShift![i] = found.lowShift;
    highSlope![i] = found.highSlope;
    highShift![i] = found.highShift;
    hasLow ||= found.lowShift !== 0;
    hasHigh ||= found.highShift !== 0;
    if (range && l < 0 && u > 0) hasFree = (mask![i] = 1) === 1;
  }
  const tensor = (values: Float32Array): Tensor => tf.tensor2d(values, [count, low.length / count]);
  return {
    values: {
      lowSlope: lowSlope!,
      highSlope: highSlope!,
      lowShift: hasLow ? lowShift : undefined,
      highShift: hasHigh ? highShift : undefined,
    },
    lowSlope: tensor(lowSlope!),
    highSlope: tensor(highSlope!),
    lowShift: hasLow ? tensor(lowShift!) : undefined,
    highShift: hasHigh ? tensor(highShift!) : undefined,
    free: hasFree ? { mask: tensor(mask!), low: range![0], high: range![1] } : undefined,
  };
}
