import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxPort } from '../onnx/model.js';

/** A form of one filter that a graph takes ready-made. */
export interface HoistedForm {
  /** Its name in both graphs. */
  readonly name: string;
  /** The input that it is a form of. */
  readonly filter: string;
  /** What is done to the filter, as text: the same in every graph. */
  readonly recipe: string;
}

export interface HoistedGraph {
  readonly main: OnnxGraph;
  /** Computes all forms from the filters. */
  readonly prelude: OnnxGraph;
  readonly forms: readonly HoistedForm[];
}

/** What is known of a name that depends on one filter and constants only. */
interface Known {
  readonly filter: string;
  readonly recipe: string;
}

/** What forms are made with; other ops on filters, such as those of weight decay, stay. */
const formOps = new Set(['Reshape', 'Transpose', 'Slice', 'Pad', 'Gather', 'ReorderInput', 'MatMul']);

/**
 * Takes out of `graph` what it computes from a single filter: the blocked and turned forms, which
 * cost as much as a tenth of a step. Null when there is nothing.
 */
export function hoist(graph: OnnxGraph, filters: ReadonlySet<string>): HoistedGraph | null {
  const known = findForms(graph, filters);
  const taken = graph.nodes.filter((node) => known.has(node.outputs[0]!));
  if (taken.length === 0) return null;
  const rest = graph.nodes.filter((node) => !known.has(node.outputs[0]!));
  const used = new Set(rest.flatMap((node) => node.inputs));
  const forms = taken
    .map((node) => node.outputs[0]!)
    .filter((name) => used.has(name))
    .map((name): HoistedForm => ({ name, ...known.get(name)! }));
  const ports = forms.map(({ name }): OnnxPort => ({ name, type: 'float32', shape: null }));
  return { main: part(graph, rest, ports, graph.outputs), prelude: part(graph, taken, [], ports), forms };
}

function findForms(graph: OnnxGraph, filters: ReadonlySet<string>): Map<string, Known> {
  const known = new Map<string, Known>();
  const constants = new Map(
    graph.constants.map((constant) => [constant.name, `${constant.type}[${constant.shape}]${constant.bytes}`]),
  );
  const results = new Set(graph.outputs.map((port) => port.name));
  for (const node of graph.nodes) {
    if (!formOps.has(node.op) || results.has(node.outputs[0]!)) continue;
    const form = formOf(node, (name) => {
      if (filters.has(name)) return { filter: name, recipe: '#' };
      const constant = constants.get(name);
      return constant === undefined ? known.get(name) : { filter: '', recipe: constant };
    });
    if (form) known.set(node.outputs[0]!, form);
  }
  return known;
}

/** The form that `node` makes of one filter, if it uses that and constants only. */
function formOf(node: OnnxNode, look: (name: string) => Known | undefined): Known | null {
  let filter = '';
  let recipe = `${node.domain}${node.op}${JSON.stringify(Object.entries(node.attributes as Record<string, OnnxAttribute>))}(`;
  for (const name of node.inputs) {
    const input = look(name);
    if (!input || (filter !== '' && input.filter !== '' && input.filter !== filter)) return null;
    filter ||= input.filter;
    recipe += `${input.recipe},`;
  }
  return filter === '' ? null : { filter, recipe: `${recipe})` };
}

/**
 * The graph of some of the nodes: with the inputs and constants that they use, and `further`
 * inputs.
 */
function part(graph: OnnxGraph, nodes: OnnxNode[], further: readonly OnnxPort[], outputs: OnnxPort[]): OnnxGraph {
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return {
    nodes,
    constants: graph.constants.filter((constant) => used.has(constant.name)),
    inputs: [...graph.inputs.filter((port) => used.has(port.name)), ...further],
    outputs,
  };
}
