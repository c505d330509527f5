import { refuseFile } from '../errors.js';
import type { AttributeMessage, FunctionMessage, GraphMessage, NodeMessage } from '../format/messages.js';

/** Functions of a file under `domain:name:overload`. */
export type Functions = ReadonlyMap<string, FunctionMessage>;

/** A node, and the versions of the operators where it was written. */
interface Placed {
  readonly node: NodeMessage;
  readonly opsets: ReadonlyMap<string, number>;
}

const deepest = 32;

/** The nodes in order, each call of a function of the file replaced by the function's own nodes. */
export function* inlineFunctions(
  nodes: readonly NodeMessage[],
  functions: Functions,
  opsets: ReadonlyMap<string, number>,
  prefix = '',
  depth = 0,
): Generator<Placed> {
  if (depth > deepest) refuseFile(`functions call each other more than ${deepest} deep`);
  for (const [index, node] of nodes.entries()) {
    const domain = node.domain === 'ai.onnx' ? '' : (node.domain ?? '');
    const called = functions.get(`${domain}:${node.operator}:${node.overload ?? ''}`);
    // A standard operator is known here, whatever a file says that it does.
    if (!called || domain === '') yield { node, opsets };
    else {
      const place = `${prefix}${node.name ?? node.operator}.${index}/`;
      const own = new Map(opsets);
      for (const { domain: name = '', version = 1 } of called.opsets ?? [])
        own.set(name === 'ai.onnx' ? '' : name, version);
      yield* inlineFunctions(bodyOf(called, node, place), functions, own, place, depth + 1);
    }
  }
}

/** The nodes of a function with the names and attributes of one call. */
function bodyOf(called: FunctionMessage, call: NodeMessage, place: string): NodeMessage[] {
  const names = new Map<string, string>([['', '']]);
  called.inputs?.forEach((name, i) => names.set(name, call.inputs?.[i] ?? ''));
  called.outputs?.forEach((name, i) => names.set(name, call.outputs?.[i] ?? `${place}${name}`));
  const given = new Map<string, AttributeMessage>();
  for (const each of [...(called.defaults ?? []), ...(call.attributes ?? [])]) given.set(each.name ?? '', each);
  return renamed(called.nodes ?? [], (name) => names.get(name) ?? `${place}${name}`, given, place);
}

function renamed(
  nodes: readonly NodeMessage[],
  nameOf: (name: string) => string,
  given: ReadonlyMap<string, AttributeMessage>,
  place: string,
): NodeMessage[] {
  return nodes.map((node) => ({
    ...node,
    name: `${place}${node.name ?? node.operator}`,
    inputs: node.inputs?.map(nameOf) ?? [],
    outputs: node.outputs?.map(nameOf) ?? [],
    attributes: (node.attributes ?? []).flatMap((each) => {
      if (each.g) return [{ ...each, g: renamedGraph(each.g, nameOf, given, place) }];
      if (each.reference === undefined || each.reference === '') return [each];
      const value = given.get(each.reference);
      return value ? [{ ...value, name: each.name ?? '' }] : [];
    }),
  }));
}

function renamedGraph(
  graph: GraphMessage,
  nameOf: (name: string) => string,
  given: ReadonlyMap<string, AttributeMessage>,
  place: string,
): GraphMessage {
  return {
    ...graph,
    initializers: (graph.initializers ?? []).map((each) => ({ ...each, name: nameOf(each.name ?? '') })),
    inputs: (graph.inputs ?? []).map((each) => ({ ...each, name: nameOf(each.name ?? '') })),
    outputs: (graph.outputs ?? []).map((each) => ({ ...each, name: nameOf(each.name ?? '') })),
    nodes: renamed(graph.nodes ?? [], nameOf, given, place),
  };
}
