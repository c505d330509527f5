import type { Tensor } from '@tensorflow/tfjs-core';
import { formatError, isRecord } from './format-error.js';

/** One operation of a graph. */
interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
}

/** Loops and branches: such graphs run asynchronously alone, where no gradient is taken. */
const controlFlow =
  /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond|While|StatelessWhile|If|StatelessIf|TensorList.*|TensorArray.*)$/;
const passing = ['Identity', 'Snapshot', 'StopGradient'];

/** Where the scores of a graph are. */
interface GraphEnd {
  /** Name of the node whose value is the graph's output. */
  readonly output: string;
  /** The softmax or sigmoid that the graph ends in, with the name of the node before it. */
  readonly activation: { readonly name: 'softmax' | 'sigmoid'; readonly before: string } | undefined;
  /** All nodes by name. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
}

/**
 * Finds the one output of a graph and whether it is a softmax or a sigmoid.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a malformed topology, control flow, or several
 *   outputs.
 */
export function graphEnd(file: string, topology: Readonly<Record<string, unknown>>): GraphEnd {
  const nodes = readNodes(file, topology);
  const flow = [...nodes.values()].find(({ op }) => controlFlow.test(op));
  if (flow !== undefined)
    throw formatError(
      file,
      `node '${flow.name}' is a ${flow.op}: graphs with loops or branches cannot be attacked by gradients`,
    );
  const used = new Set([...nodes.values()].flatMap(({ input }) => input));
  const ends = [...nodes.values()].filter(({ name, op }) => !used.has(name) && op !== 'Const' && op !== 'NoOp');
  if (ends.length !== 1)
    throw formatError(
      file,
      `expected one output, found ${ends.map(({ name }) => name).join(', ') || 'none'}: adapt it with fromGraphModel and name the logits`,
    );
  const output = ends[0]!.name;
  let node = ends[0];
  for (let steps = 0; node !== undefined && passing.includes(node.op) && steps <= nodes.size; steps++)
    node = nodes.get(node.input[0] ?? '');
  const name = node?.op === 'Softmax' ? 'softmax' : node?.op === 'Sigmoid' ? 'sigmoid' : undefined;
  const before = node?.input[0];
  return { output, nodes, activation: name && before !== undefined ? { name, before } : undefined };
}

function readNodes(file: string, { node, library }: Readonly<Record<string, unknown>>): ReadonlyMap<string, GraphNode> {
  if (!Array.isArray(node)) throw formatError(file, 'modelTopology has no list of nodes');
  const functions = isRecord(library) && Array.isArray(library['function']) ? library['function'] : [];
  if (functions.length > 0) throw formatError(file, 'the graph has functions of its own, which are not read');
  const nodes = new Map<string, GraphNode>();
  for (const each of node as unknown[]) {
    if (!isRecord(each) || typeof each['name'] !== 'string' || typeof each['op'] !== 'string')
      throw formatError(file, 'modelTopology has a node without name and op');
    const { name, op, input = [] } = each as { name: string; op: string; input?: unknown };
    if (!Array.isArray(input) || !input.every((from) => typeof from === 'string'))
      throw formatError(file, `node '${name}': its inputs are not names`);
    if (nodes.has(name)) throw formatError(file, `node '${name}' occurs twice`);
    nodes.set(name, {
      name,
      op,
      input: (input as string[]).map((from) => from.replace(/^\^/, '').replace(/:\d+$/, '')),
    });
  }
  return nodes;
}

/** Steps that keep an input what it is, but for a shift. */
const shifting = ['Identity', 'Cast', 'Add', 'AddV2', 'BiasAdd', 'Sub'];

/**
 * The constant that a graph multiplies its input with, as Keras' Rescaling layer becomes; undefined
 * when it begins with something else.
 */
export async function firstFactor(
  nodes: ReadonlyMap<string, GraphNode>,
  weights: Readonly<Record<string, readonly Tensor[]>>,
): Promise<number | undefined> {
  let at = [...nodes.values()].find(({ op }) => op === 'Placeholder')?.name;
  for (let steps = 0; at !== undefined && steps < 6; steps++) {
    const users: GraphNode[] = [...nodes.values()].filter(({ input }) => input.includes(at!));
    const [next] = users;
    if (next === undefined || users.length > 1) return undefined;
    if (next.op === 'Mul' || next.op === 'RealDiv') {
      const constant = weights[next.input.find((name) => name !== at) ?? '']?.[0];
      if (constant?.size !== 1) return undefined;
      const [value] = await constant.data();
      return next.op === 'Mul' ? value : 1 / value!;
    }
    at = shifting.includes(next.op) ? next.name : undefined;
  }
  return undefined;
}

/** Where an op that makes tensors of a size of its own has that size among its inputs. */
const sizeInputs: Readonly<Record<string, number>> = {
  Fill: 0,
  RandomUniform: 0,
  RandomStandardNormal: 0,
  BroadcastTo: 1,
  Tile: 1,
  ResizeBilinear: 1,
  ResizeNearestNeighbor: 1,
  OneHot: 1,
  LinSpace: 2,
};
/** Values that one op of a model may make out of constants, and that several may multiply to. */
const mostValues = 2 ** 27;
const mostTimes = 2 ** 20;

/**
 * A few bytes of a graph can ask for tensors of any size: constants say how large a tensor is filled
 * or how often it is repeated, and a tensor may be joined to itself over and over.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` for more than any classifier needs.
 */
export async function checkSizes(
  file: string,
  nodes: ReadonlyMap<string, GraphNode>,
  weights: Readonly<Record<string, readonly Tensor[]>>,
): Promise<void> {
  let times = 1;
  for (const { name, op, input } of nodes.values()) {
    const size = weights[input[sizeInputs[op] ?? -1] ?? '']?.[0];
    const values = size === undefined || size.size > 16 ? [] : Array.from(await size.data());
    const made = values.reduce((product, value) => product * Math.max(1, value), 1);
    if (made > mostValues) throw formatError(file, `node '${name}' (${op}) makes a tensor of ${made} values by itself`);
    if (op === 'Tile') times *= made;
    if (/^(Concat|ConcatV2|Pack)$/.test(op)) times *= input.length - new Set(input).size + 1;
    if (times > mostTimes) throw formatError(file, `up to node '${name}' its tensors are repeated ${times} times`);
  }
}
