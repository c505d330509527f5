import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import type { HostTensor } from '../format/tensor-data.js';
import '../ops/all.js';
import type { NodeGraph, OnnxModel, OnnxNode } from '../graph/model.js';
import { portType } from '../graph/model.js';
import { channelsLast } from './order.js';
import { Call, Kept, operatorName, operators } from './operators.js';
import { Batch } from './rebatch.js';
import { arranged, deviceValue, dimsOf, hostValue, inOrder, type Value } from './value.js';

/** An ONNX model as a function of tensors, which tfjs can differentiate. */
export interface OnnxGraph {
  readonly model: OnnxModel;
  /**
   * Runs what the wanted outputs need. Inside of the caller's `tf.tidy` and `tf.grad` like any
   * function of tfjs: it opens no tidy of its own.
   *
   * @param feeds A tensor for every input of the model, axes as the file says; or values on the
   *   host, where shapes and places must be known before the data.
   * @param outputs Names of values, any that the model computes. Default its outputs.
   * @throws OnnxError `ADVROB_ONNX_INPUT` when a feed is missing or does not fit,
   *   `ADVROB_ONNX_DYNAMIC` where the way through the graph depends on the data.
   */
  run(feeds: Readonly<Record<string, Tensor | HostTensor>>, outputs?: readonly string[]): Tensor[];
  /**
   * The same for a model of one image input [n, c, h, w], with images [n, h, w, c]: nothing is
   * transposed.
   */
  runImages(x: Tensor, outputs?: readonly string[], more?: Readonly<Record<string, Tensor | HostTensor>>): Tensor[];
  /** Frees what was kept of the constants. */
  dispose(): void;
}

/** Operators whose result is another at every run. */
const isRandom = /^(Random|Multinomial|Bernoulli)/;

/**
 * Makes a model ready to run. Nothing is computed before the first run, which keeps what depends on
 * weights alone.
 *
 * @throws OnnxError `ADVROB_ONNX_OPERATOR` naming every node whose operator is unknown.
 */
export function createOnnxGraph(model: OnnxModel): OnnxGraph {
  const unknown = unsupportedNodes(model);
  if (unknown.length > 0)
    throw new OnnxError(
      'ADVROB_ONNX_OPERATOR',
      `${unknown.length} operators are not supported: ${listed(unknown.map(({ node, operator }) => `${operator} (node '${node}')`))}`,
    );
  return new Graph(model);
}

/** Nodes whose operator cannot be computed here. */
export function unsupportedNodes(graph: NodeGraph): { readonly node: string; readonly operator: string }[] {
  return graph.nodes
    .filter((node) => !operators.has(operatorName(node)))
    .map((node) => ({ node: node.name, operator: operatorName(node) }));
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

class Graph implements OnnxGraph {
  readonly #kept = new Kept();
  readonly #batch: Batch;
  readonly #constants = new Map<string, Value>();
  readonly #plans = new Map<string, readonly OnnxNode[]>();
  readonly #branches = new Map<object, NodeGraph>();
  #isFolded = false;

  constructor(readonly model: OnnxModel) {
    this.#batch = new Batch(model.inputs);
    for (const [name, { type, dims, data }] of model.initializers)
      this.#constants.set(name, hostValue(type, dims, data, true));
  }

  run(feeds: Readonly<Record<string, Tensor | HostTensor>>, outputs?: readonly string[]): Tensor[] {
    return this.#run(new Map(Object.entries(feeds).map(([name, tensor]) => [name, this.#feed(name, tensor)])), outputs);
  }

  runImages(
    x: Tensor,
    outputs?: readonly string[],
    more: Readonly<Record<string, Tensor | HostTensor>> = {},
  ): Tensor[] {
    const name = this.model.inputs.find((port) => !(port.name in more))!.name;
    const feeds = new Map(Object.entries(more).map(([each, tensor]) => [each, this.#feed(each, tensor)]));
    feeds.set(name, { ...this.#feed(name, x), order: channelsLast(x.rank) } as Value);
    return this.#run(feeds, outputs);
  }

  dispose(): void {
    this.#kept.dispose();
    for (const value of this.#constants.values()) if (value.kind === 'device') value.tensor.dispose();
    this.#constants.clear();
  }

  #feed(name: string, fed: Tensor | HostTensor): Value {
    const port = this.model.inputs.find((each) => each.name === name);
    if (!port)
      throw new OnnxError(
        'ADVROB_ONNX_INPUT',
        `the model has no input '${name}': it has ${listed(this.model.inputs.map((each) => `'${each.name}'`))}`,
      );
    const type = portType(port);
    return 'data' in fed && !('dataId' in fed) ? hostValue(type, fed.dims, fed.data) : deviceValue(type, fed as Tensor);
  }

  #run(feeds: Map<string, Value>, outputs: readonly string[] = this.model.outputs.map(({ name }) => name)): Tensor[] {
    this.#fold();
    const values = new Map([...this.#constants, ...feeds]);
    if (this.#batch.begin(this.#batchOf(feeds))) this.#learn(outputs);
    for (const node of this.#plan(outputs)) this.#execute(node, values);
    // What is handed on unchanged stays the caller's, who may free the output apart from it.
    const given = new Set([...feeds.values()].map((value) => (value.kind === 'device' ? value.tensor : undefined)));
    return outputs.map((name) => {
      const found = this.#tensorOf(values, name);
      return given.has(found) ? tf.clone(found) : found;
    });
  }

  /** How many examples a run has. */
  #batchOf(feeds: ReadonlyMap<string, Value>): number | undefined {
    const first = this.model.inputs[0] && feeds.get(this.model.inputs[0].name);
    return first && dimsOf(first)[0];
  }

  /** Runs zeros of the shapes that the file says, for what reshapes do with its batch. */
  #learn(outputs: readonly string[]): void {
    const shapes = this.model.inputs.map(({ name, shape }) => [name, shape] as const);
    const open = shapes.find(([, shape]) => !shape?.every((side) => typeof side === 'number'));
    if (open) return;
    this.#batch.learn(() =>
      tf.tidy(() => {
        const values = new Map(this.#constants);
        for (const [name, shape] of shapes) values.set(name, this.#feed(name, tf.zeros(shape as number[])));
        for (const node of this.#plan(outputs)) this.#execute(node, values);
      }),
    );
  }

  #tensorOf(values: ReadonlyMap<string, Value>, name: string): Tensor {
    const value = values.get(name);
    if (!value) throw new OnnxError('ADVROB_ONNX_INPUT', `input '${name}' got no value`);
    const rank = value.kind === 'host' ? value.dims.length : value.order.length;
    // A constant that is an output is the caller's to free, like any other.
    if (value.kind === 'host')
      return new Call(noNode, [value], new Kept(), this.#batch, () => []).tensorOf({ ...value, isConstant: false });
    const tensor = arranged(value, inOrder(rank));
    return value.isConstant && tensor === value.tensor ? tf.clone(tensor) : tensor;
  }

  /** Runs once what depends on weights alone. */
  #fold(): void {
    if (this.#isFolded) return;
    this.#isFolded = true;
    const made = this.#constants;
    for (const node of this.model.nodes) {
      if (isRandom.test(node.operator) || node.operator === 'If') continue;
      if (!node.inputs.every((name) => name === '' || made.has(name))) continue;
      if (node.inputs.length === 0 && !/^Constant$/.test(node.operator)) continue;
      tf.tidy(() => {
        this.#execute(node, made);
        for (const name of node.outputs) {
          const value = made.get(name);
          if (!value) continue;
          const constant = { ...value, isConstant: true };
          made.set(
            name,
            value.kind === 'device'
              ? { ...value, tensor: tf.keep(tf.clone(value.tensor)), isConstant: true }
              : constant,
          );
        }
      });
    }
  }

  /** The nodes that these outputs need, in order. */
  #plan(outputs: readonly string[]): readonly OnnxNode[] {
    const key = outputs.join('\n');
    const known = this.#plans.get(key);
    if (known) return known;
    const needed = new Set(outputs);
    const plan: OnnxNode[] = [];
    for (const node of [...this.model.nodes].reverse()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      if (node.outputs.every((name) => name === '' || this.#constants.has(name))) continue;
      plan.unshift(node);
      for (const name of this.#usedBy(node)) needed.add(name);
    }
    this.#plans.set(key, plan);
    return plan;
  }

  /** Inputs of a node and of the nodes in its branches. */
  #usedBy(node: OnnxNode): string[] {
    const inner = [...node.attributes.values()].flatMap((attribute) => {
      if (attribute.kind !== 'graph') return [];
      const { nodes, outputs } = this.#branchOf(attribute.value);
      return [...nodes.flatMap((each) => this.#usedBy(each)), ...outputs.map(({ name }) => name)];
    });
    return [...node.inputs, ...inner];
  }

  #branchOf(message: object): NodeGraph {
    let found = this.#branches.get(message);
    if (!found) this.#branches.set(message, (found = this.model.subgraph(message)));
    return found;
  }

  #execute(node: OnnxNode, values: Map<string, Value>): void {
    const branch = (attribute: string): readonly Value[] => {
      const found = node.attributes.get(attribute);
      if (found?.kind !== 'graph') throw new OnnxError('ADVROB_ONNX_FILE', `node '${node.name}' has no ${attribute}`);
      const { nodes, initializers, outputs } = this.#branchOf(found.value);
      const inner = new Map(values);
      for (const [name, { type, dims, data }] of initializers) inner.set(name, hostValue(type, dims, data, true));
      for (const each of nodes) this.#execute(each, inner);
      return outputs.map(({ name }) => inner.get(name)!);
    };
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
    const absent = node.inputs.find((name, i) => name !== '' && !inputs[i]);
    if (absent !== undefined) throw new OnnxError('ADVROB_ONNX_INPUT', `input '${absent}' got no value`);
    try {
      const operator = operators.get(operatorName(node));
      if (!operator) throw new OnnxError('ADVROB_ONNX_OPERATOR', 'this operator is not supported');
      const found = operator(new Call(node, inputs, this.#kept, this.#batch, branch));
      const results = Array.isArray(found) ? (found as readonly Value[]) : [found as Value];
      results.forEach((value, i) => node.outputs[i] && values.set(node.outputs[i], value));
      this.#batch.note(node);
    } catch (error) {
      throw placed(error, node);
    }
  }
}

const noNode: OnnxNode = {
  ...{ name: '', operator: '', domain: '', opset: 1, inputs: [], outputs: [] },
  attributes: new Map(),
};

/** The error with the node where it came up. */
function placed(error: unknown, node: OnnxNode): Error {
  const place = `node '${node.name}' (${operatorName(node)}, opset ${node.opset})`;
  if (error instanceof OnnxError) {
    if (error.message.startsWith('node ')) return error;
    return new OnnxError(error.code, `${place}: ${error.message.replace(` [${error.code}]`, '')}`, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new OnnxError('ADVROB_ONNX_OPERATOR', `${place}: ${message}`, { cause: error });
}
