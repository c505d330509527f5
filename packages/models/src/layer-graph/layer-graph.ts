import { AdvrobError, type Classifier, type ForwardOptions } from '@advrob/core';
import { watchKernels, type RanKernel } from '@advrob/onnx/export';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { withLayerNames } from '../checks/layer-names.js';
import { lowerings, type Call, type Lowering } from './lower.js';
import type { LayerGraph, LayerNode, Operation } from './nodes.js';
import { runLayerGraph, runNode } from './run.js';

/** Examples of the batch that is traced, and of the one that the graph is compared on. */
const [tracedExamples, comparedExamples] = [3, 16];

/** Largest difference of the graph from the model, relative to the largest value. */
const agreement = 1e-5;

/**
 * A classifier as a graph of layers with weights: its forward pass runs once, and each kernel that
 * depends on the input becomes a node. So it is the same for this package's architectures, for a
 * LayersModel, a GraphModel, an ONNX file and a function. Every node is compared with its kernel,
 * and the whole with the model on other examples.
 *
 * @returns The graph; the caller disposes it.
 * @throws AdvrobError `ADVROB_CERTIFY` naming the layer that has no node, or the first that computes
 *   something else.
 */
export async function layerGraph(model: Classifier): Promise<LayerGraph> {
  const kept: Tensor[] = [];
  const dispose = (): void => tf.dispose(kept);
  try {
    const { nodes, differences } = traced(model, kept);
    await checkNodes(nodes, differences);
    const { inputShape, numClasses, bounds } = model;
    const graph = { inputShape, numClasses, bounds, nodes: withBiases(pruned(nodes), keepIn(kept)), dispose };
    await checkWhole(graph, model);
    return graph;
  } catch (error) {
    dispose();
    throw error;
  }
}

interface Traced {
  readonly nodes: readonly LayerNode[];
  /** For each kernel the node of its result, and its largest difference and value [2]. */
  readonly differences: readonly { readonly node: LayerNode; readonly values: Tensor }[];
}

function traced(model: Classifier, kept: Tensor[]): Traced {
  const differences: { node: LayerNode; values: Tensor }[] = [];
  const [low, high] = model.bounds;
  const keep = keepIn(kept);
  let nodes: readonly LayerNode[] = [];
  tf.tidy(() => {
    const x = tf.randomUniform([tracedExamples, ...model.inputShape], low, high, 'float32', 17);
    ({ nodes } = recorded(model, x, {
      keep,
      onNode: (all, first, call, values) =>
        differences.push({ node: values.get(call.output.id)!, values: differenceOf(all, first, call, values) }),
    }));
  });
  return { nodes, differences: differences.filter(({ node }) => node.id < nodes.length) };
}

function keepIn(kept: Tensor[]): Lowering['keep'] {
  return (make) => {
    const tensor = tf.keep(tf.tidy(make));
    kept.push(tensor);
    return tensor;
  };
}

/** A forward pass, as layers that hold its own weights. */
export interface LayerPass {
  /** [n, classes] */
  readonly logits: Tensor;
  /** As those of a {@link LayerGraph}. */
  readonly nodes: readonly LayerNode[];
}

/**
 * One forward pass, and its layers: their weights come from the model's by recorded operations, so
 * that what `body` computes of them has gradients of the model's weights. In train mode statistics
 * of the batch are constants of the layers, with their gradients. Nothing is compared: that is done
 * by {@link layerGraph}, once for a model. Call it inside of `tf.tidy`.
 *
 * @param x [n, ...inputShape]
 * @param body Computes with the layers, whose weights are freed after it.
 * @throws AdvrobError `ADVROB_CERTIFY` naming the layer that has no node.
 */
export function layerPass<T>(
  model: Classifier,
  x: Tensor,
  how: ForwardOptions | undefined,
  body: (pass: LayerPass) => T,
): T {
  const kept: Tensor[] = [];
  const keep = keepIn(kept);
  try {
    const { nodes, logits } = recorded(model, x, { keep, how, hasStatistics: true });
    return body({ logits, nodes: withBiases(pruned(nodes), keep) });
  } finally {
    tf.dispose(kept);
  }
}

interface RecordOptions {
  readonly keep: Lowering['keep'];
  readonly how?: ForwardOptions | undefined;
  /** Whether what was computed over the batch is a constant, instead of a reason to refuse. */
  readonly hasStatistics?: boolean;
  /** Told of each kernel that became nodes, those from `first` on. */
  readonly onNode?: (
    nodes: readonly LayerNode[],
    first: number,
    call: Call,
    values: ReadonlyMap<number, LayerNode>,
  ) => void;
}

function recorded(model: Classifier, x: Tensor, options: RecordOptions): LayerPass {
  const { keep, how, hasStatistics = false, onNode } = options;
  const nodes: LayerNode[] = [];
  const values = new Map<number, LayerNode>();
  /** Where only a statistic of the batch may follow, such as a square: why it has no node. */
  const unknown = new Map<number, string>();
  const batch = x.shape[0]!;
  let current = '';
  const lowering: Lowering = {
    batch,
    nodeOf: ({ id }) => values.get(id),
    add(operation: Operation, inputs, shape) {
      const node = { ...operation, id: nodes.length, inputs: inputs.map(({ id }) => id), shape, name: current };
      nodes.push(node);
      return node;
    },
    keep,
    refuse(why) {
      throw new AdvrobError(
        'ADVROB_CERTIFY',
        `${current} has no layer that bounds know${why === undefined ? '' : `: ${why}`}; smoothing certifies any classifier`,
      );
    },
  };
  current = 'the input';
  values.set(x.id, lowering.add({ op: 'input' }, [], model.inputShape));
  const logits = withLayerNames((place) =>
    watchKernels(
      () => model.logits(x, how),
      (ran) => {
        const given = Object.values(ran.inputs).filter((each) => each !== undefined && each !== null);
        const isUnknown = given.some(({ id }) => unknown.has(id));
        if (!isUnknown && !given.some(({ id }) => values.has(id))) return;
        const at = place();
        current = `the kernel ${ran.name}${at === undefined ? '' : ` of ${at}`}`;
        const lower = lowerings.get(ran.name);
        if (hasStatistics && isOverBatch(ran)) return;
        if (hasStatistics && (isUnknown || !lower)) {
          for (const { id } of [ran.output].flat() as Tensor[]) unknown.set(id, current);
          return;
        }
        if (!lower || Array.isArray(ran.output)) return lowering.refuse(adviceFor(ran.name));
        const first = nodes.length;
        const call = ran as Call;
        values.set(call.output.id, lower(lowering, call));
        if (nodes.length > first) onNode?.(nodes, first, call, values);
      },
    ),
  );
  const node = values.get(logits.id);
  if (node?.shape.length !== 1 || node.shape[0] !== model.numClasses) {
    current = unknown.values().next().value ?? 'the output';
    lowering.refuse(unknown.size > 0 ? undefined : 'it does not depend on the input, or is no vector of logits');
  }
  // The last is the output: what was computed after it goes nowhere.
  nodes.length = node!.id + 1;
  return { nodes, logits };
}

/** Whether a kernel gives one value for all examples: a statistic of the batch. */
function isOverBatch({ name, inputs, attributes }: RanKernel): boolean {
  if (name !== 'Mean' && name !== 'Sum') return false;
  const { rank } = inputs['x']!;
  const axes = (attributes as { axis?: number | number[] }).axis;
  return axes === undefined || [axes].flat().some((axis) => (axis + rank) % rank === 0);
}

function adviceFor(kernel: string): string | undefined {
  if (['Log', 'LogSoftmax', 'Softmax', 'Exp'].includes(kernel))
    return 'is this the softmax at the end? Bounds are on logits, so give the model without it';
  return undefined;
}

/** How far the nodes that one kernel became are from it: the largest difference and value [2]. */
function differenceOf(
  nodes: readonly LayerNode[],
  first: number,
  { inputs, output }: Call,
  known: ReadonlyMap<number, LayerNode>,
): Tensor {
  return tf.keep(
    tf.tidy(() => {
      const values = new Map<number, Tensor>();
      for (const each of Object.values(inputs)) {
        const node = each && known.get(each.id);
        if (node && node.id < first) values.set(node.id, tf.reshape(each, [tracedExamples, ...node.shape]));
      }
      for (const node of nodes.slice(first))
        values.set(
          node.id,
          runNode(
            node,
            node.inputs.map((id) => values.get(id)!),
          ),
        );
      const found = tf.reshape(values.get(nodes.length - 1)!, output.shape);
      return tf.stack([tf.max(tf.abs(tf.sub(found, output))), tf.max(tf.abs(output))]);
    }),
  );
}

async function checkNodes(nodes: readonly LayerNode[], differences: Traced['differences']): Promise<void> {
  if (differences.length === 0) return;
  const all = tf.tidy(() => tf.stack(differences.map(({ values }) => values)));
  try {
    const found = (await all.data()) as Float32Array;
    differences.forEach(({ node }, i) => {
      const [difference, largest] = [found[2 * i]!, found[2 * i + 1]!];
      if (!(difference <= agreement * Math.max(largest, 1e-6))) throw differs(node.name, difference / largest);
    });
  } finally {
    tf.dispose([all, ...differences.map(({ values }) => values)]);
  }
}

async function checkWhole(graph: LayerGraph, model: Classifier): Promise<void> {
  const numbers = tf.tidy(() => {
    const [low, high] = graph.bounds;
    const x = tf.randomUniform([comparedExamples, ...graph.inputShape], low, high, 'float32', 29);
    const [found, wanted] = [runLayerGraph(graph, x).at(-1)!, model.logits(x)];
    return tf.stack([tf.max(tf.abs(tf.sub(found, wanted))), tf.max(tf.abs(wanted))]);
  });
  const [difference, largest] = (await numbers.data()) as Float32Array;
  numbers.dispose();
  if (!(difference! <= agreement * Math.max(largest!, 1e-6)))
    throw differs('the whole graph on another batch', difference! / largest!);
}

function differs(name: string, by: number): AdvrobError {
  return new AdvrobError(
    'ADVROB_CERTIFY',
    `${name} computes something else than the graph of layers made of the model, by ${by.toPrecision(2)} of the largest value; a model that depends on the rest of the batch, or on chance, cannot be bounded`,
  );
}

/** The nodes that the last one needs, numbered anew. */
function pruned(nodes: readonly LayerNode[]): LayerNode[] {
  const needed = new Set([0, nodes.length - 1]);
  for (const { id, inputs } of [...nodes].reverse()) if (needed.has(id)) for (const each of inputs) needed.add(each);
  return renumbered(nodes.filter(({ id }) => needed.has(id)));
}

function renumbered(nodes: readonly LayerNode[]): LayerNode[] {
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  return nodes.map((node, id) => ({ ...node, id, inputs: node.inputs.map((each) => places.get(each)!) }));
}

/** Shifts of every channel become biases of the layer in front, where nothing else reads that. */
function withBiases(nodes: readonly LayerNode[], keep: Lowering['keep']): LayerNode[] {
  const readers = new Map<number, number>();
  for (const { inputs } of nodes) for (const each of inputs) readers.set(each, (readers.get(each) ?? 0) + 1);
  const found = [...nodes];
  const gone = new Set<number>();
  for (const node of nodes) {
    if (node.op !== 'affine' || node.scale || !node.shift) continue;
    const source = found[node.inputs[0]!]!;
    if ((source.op !== 'dense' && source.op !== 'conv2d') || source.bias || readers.get(source.id) !== 1) continue;
    const channels = source.shape.at(-1)!;
    if (node.shift.size !== channels || node.shift.shape.at(-1) !== channels) continue;
    const bias = keep(() => tf.reshape(node.shift!, [channels]) as tf.Tensor1D);
    found[node.id] = { ...source, id: node.id, bias };
    gone.add(source.id);
  }
  return renumbered(found.filter(({ id }) => !gone.has(id)));
}
