import { refuseFile } from '../errors.js';
import { decodeModel } from '../format/decode.js';
import { elementType, isSupported, typeName, type ElementType } from '../format/element-types.js';
import type { GraphMessage, ModelMessage, NodeMessage, ValueInfoMessage } from '../format/messages.js';
import { alignWeights, readTensor, type HostTensor, type ReadExternal } from '../format/tensor-data.js';
import { readAttribute, type Attribute } from './attributes.js';
import { inlineFunctions, type Functions } from './functions.js';

/** An input or output of a model. */
export interface OnnxPort {
  readonly name: string;
  /** For example `float32`; of values that are no tensors `sequence`, `map`, `optional` or `sparse`. */
  readonly elementType: string;
  /** Sides, by name where the file leaves them open (`''` without one); null where it says none. */
  readonly shape: readonly (number | string)[] | null;
}

/** One operation. */
export interface OnnxNode {
  /** Its own name, or one made from its operator and place. */
  readonly name: string;
  readonly operator: string;
  /** `''` for the standard's own operators. */
  readonly domain: string;
  readonly opset: number;
  /** Names of values; `''` where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** Nodes in an order in which each comes after its inputs, and what they start from. */
export interface NodeGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, HostTensor>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** A model as its file says it; nothing is computed yet. */
export interface OnnxModel extends NodeGraph {
  readonly opsets: ReadonlyMap<string, number>;
  /** Who wrote it, such as `pytorch 2.9.0`. */
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads the graph of an attribute, as `If` has them. */
  readonly subgraph: (message: GraphMessage) => NodeGraph;
}

export interface ReadOptions {
  /** Bytes of data that lie beside the file. Default: such files are refused. */
  readonly external?: ReadExternal;
  /** Largest file in bytes. Default 4 GiB. */
  readonly maxBytes?: number;
  /**
   * Whether the bytes are given away: weights are then moved in them to where they can be used as
   * they lie, and are in memory once. The bytes are no file afterwards. Default false.
   */
  readonly isOwned?: boolean;
}

const mostNodes = 200_000;

/**
 * Reads an ONNX file.
 *
 * @param bytes The file. Its weights stay a part of them where they are float32 and aligned.
 * @throws OnnxError `ADVROB_ONNX_FILE` for a file that is damaged or contradicts itself,
 *   `ADVROB_ONNX_OPERATOR` for weights of unsupported types, `ADVROB_ONNX_EXTERNAL` for data
 *   beside the file that nobody gives.
 */
export function readOnnx(
  bytes: Uint8Array,
  { external, maxBytes = 2 ** 32, isOwned = false }: ReadOptions = {},
): OnnxModel {
  if (bytes.length > maxBytes) refuseFile(`${bytes.length} bytes, more than the limit of ${maxBytes}`);
  const message = decodeModel(bytes);
  if (isOwned) alignWeights(message.graph?.initializers ?? []);
  if (!message.graph) return refuseFile('no ONNX model: it has no graph');
  const opsets = opsetsOf(message);
  const reader: GraphReader = { opsets, functions: functionsOf(message), external };
  const graph = readGraph(message.graph, reader, new Set());
  return {
    ...graph,
    opsets,
    producer: [message.producerName, message.producerVersion].filter(Boolean).join(' '),
    metadata: Object.fromEntries((message.metadata ?? []).map(({ key, value }) => [key ?? '', value ?? ''])),
    subgraph: (inner) => readGraph(inner, reader, null),
  };
}

interface GraphReader {
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: Functions;
  readonly external: ReadExternal | undefined;
}

function opsetsOf({ opsets = [] }: Pick<ModelMessage, 'opsets'>): Map<string, number> {
  return new Map(opsets.map(({ domain = '', version = 1 }) => [standard(domain), version]));
}

/** `ai.onnx` is another name of the standard's own domain. */
function standard(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function functionsOf({ functions = [] }: ModelMessage): Functions {
  return new Map(functions.map((each) => [`${standard(each.domain ?? '')}:${each.name}:${each.overload ?? ''}`, each]));
}

/** `known`: names of values outside, or null inside of a branch, which may use any of them. */
function readGraph(message: GraphMessage, reader: GraphReader, known: Set<string> | null): NodeGraph {
  if (message.sparseInitializers?.length) refuseFile('sparse weights are not supported');
  const initializers = new Map<string, HostTensor>();
  for (const each of message.initializers ?? []) {
    if (initializers.has(each.name ?? '')) refuseFile(`two weights are called '${each.name}'`);
    initializers.set(each.name ?? '', readTensor(each, reader.external));
  }
  const inputs = (message.inputs ?? []).map(portOf).filter(({ name }) => !initializers.has(name));
  const nodes: OnnxNode[] = [];
  for (const each of inlineFunctions(message.nodes ?? [], reader.functions, reader.opsets)) {
    if (nodes.length === mostNodes) refuseFile(`more than ${mostNodes} nodes`);
    nodes.push(nodeOf(each.node, each.opsets, nodes.length, reader.external));
  }
  if (known) checkOrder(nodes, [...initializers.keys(), ...inputs.map(({ name }) => name)], message);
  return { nodes, initializers, inputs, outputs: (message.outputs ?? []).map(portOf) };
}

function nodeOf(
  message: NodeMessage,
  opsets: ReadonlyMap<string, number>,
  index: number,
  external: ReadExternal | undefined,
): OnnxNode {
  const { operator = '', inputs = [], outputs = [] } = message;
  const domain = standard(message.domain ?? '');
  const attributes = (message.attributes ?? []).map((each): [string, Attribute] => [
    each.name ?? '',
    readAttribute(each, external),
  ]);
  return {
    name: message.name === undefined || message.name === '' ? `${operator}_${index}` : message.name,
    ...{ operator, domain, inputs, outputs },
    opset: opsets.get(domain) ?? 1,
    attributes: new Map(attributes),
  };
}

/** Each value is made once, before it is used. */
function checkOrder(nodes: readonly OnnxNode[], start: readonly string[], { outputs = [] }: GraphMessage): void {
  const made = new Set(start);
  for (const { name, inputs, outputs: own } of nodes) {
    const missing = inputs.find((input) => input !== '' && !made.has(input));
    if (missing !== undefined) refuseFile(`node '${name}' uses '${missing}', which nothing before it makes`);
    for (const output of own) {
      if (output !== '' && made.has(output)) refuseFile(`two values are called '${output}'`);
      made.add(output);
    }
  }
  const missing = outputs.find(({ name = '' }) => !made.has(name));
  if (missing) refuseFile(`nothing makes the output '${missing.name}'`);
}

function portOf({ name = '', type = {} }: ValueInfoMessage): OnnxPort {
  const { tensor } = type;
  if (!tensor) {
    const kind = (['sequence', 'map', 'optional', 'sparse'] as const).find((each) => type[each]);
    return { name, elementType: kind ?? 'undefined', shape: null };
  }
  const shape = tensor.shape ? (tensor.shape.dims ?? []).map(({ value, parameter }) => value ?? parameter ?? '') : null;
  return { name, elementType: typeName(tensor.element ?? 0), shape };
}

/**
 * Whether values of a file are rounded to whole numbers on the way: its gradients then go straight
 * through the roundings, and are estimates.
 */
export function isQuantized({ nodes }: Pick<NodeGraph, 'nodes'>): boolean {
  return nodes.some(({ operator }) => /Quantize|QLinear|Integer$|QGemm/.test(operator));
}

/** The type of a port that is computed with. @throws OnnxError when it is not supported. */
export function portType({ name, elementType: type }: OnnxPort): ElementType {
  return isSupported(type) ? type : elementType(-1, `'${name}' (${type})`);
}
