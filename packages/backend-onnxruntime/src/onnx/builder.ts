import type { ElementType, OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode, OnnxPort } from './model.js';

/** A float attribute; plain numbers are ONNX integers. */
export function float(value: number): OnnxAttribute {
  return { kind: 'float', value };
}

export type AttributeInput = number | string | readonly number[] | OnnxAttribute;
export type AttributeInputs = Readonly<Record<string, AttributeInput>>;

export const microsoft = 'com.microsoft';
/** ONNX Runtime's internal ops on channel-blocked arrays (CPU provider only). */
export const blockedDomain = 'com.microsoft.nchwc';

/**
 * Collects ONNX nodes; the same op on the same inputs is emitted once. Drops what no output needs.
 */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly emitted = new Map<string, readonly string[]>();
  private readonly constants = new Map<string, OnnxConstant>();
  private readonly inputs: OnnxPort[] = [];
  private readonly outputs: OnnxPort[] = [];
  private readonly reshapedFrom = new Map<string, string>();
  private names = 0;
  /**
   * Becomes part of the names of the nodes emitted from now on: the position of the recorded op
   * they compute.
   */
  scope = '';

  private fresh(): string {
    return `v${(this.names++).toString(36)}`;
  }

  emit(op: string, inputs: readonly string[], attributes: AttributeInputs = {}, domain = ''): string {
    return this.emitMany(op, inputs, 1, attributes, domain)[0]!;
  }

  /** Like {@link emit}, for ops with several results. */
  emitMany(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: AttributeInputs = {},
    domain = '',
  ): readonly string[] {
    const key = `${domain}${op}(${inputs.join()})${JSON.stringify(attributes)}${count}`;
    const known = this.emitted.get(key);
    if (known) return known;
    const outputs = Array.from({ length: count }, () => this.fresh());
    const encoded: Record<string, OnnxAttribute> = {};
    for (const name in attributes) encoded[name] = encodeInput(attributes[name]!);
    this.nodes.push({ name: `${this.scope}/${this.nodes.length}`, op, domain, inputs, outputs, attributes: encoded });
    this.emitted.set(key, outputs);
    return outputs;
  }

  /** A constant of any element type; equal constants share a name. */
  constant(type: ElementType, shape: readonly number[], values: readonly number[]): string {
    const key = `${type}[${shape.join()}]${values.map((value) => (Object.is(value, -0) ? '-0' : value)).join()}`;
    const known = this.constants.get(key);
    if (known) return known.name;
    const name = this.fresh();
    this.constants.set(key, { name, type, shape, bytes: bytesOf(type, values) });
    return name;
  }

  /** A 1-D int64 constant: shapes, axes, starts and ends. */
  indices(values: readonly number[]): string {
    return this.constant('int64', [values.length], values);
  }

  input(type: ElementType, shape: readonly number[]): string {
    const name = this.fresh();
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** An input of that name and of any shape. */
  anyInput(type: ElementType, name: string): string {
    this.inputs.push({ name, type, shape: null });
    return name;
  }

  /** `computed`, which a node gives, as the result of that name and of any shape. */
  anyOutput(computed: string, type: ElementType, name: string): void {
    const node = this.nodes.find(({ outputs }) => outputs.includes(computed))!;
    this.nodes[this.nodes.indexOf(node)] = {
      ...node,
      outputs: node.outputs.map((each) => (each === computed ? name : each)),
    };
    this.outputs.push({ name, type, shape: null });
  }

  /** Makes `name` a result of the graph; returns the result's own name. */
  output(name: string, type: ElementType, shape: readonly number[]): string {
    const isProduced = this.nodes.some((node) => node.outputs.includes(name));
    const isTaken = this.outputs.some((port) => port.name === name);
    // A result must come from a node of its own: inputs, constants and shared values get a copy.
    let result = name;
    if (!isProduced || isTaken) {
      result = this.fresh();
      const copy = { op: 'Identity', domain: '', inputs: [name], outputs: [result], attributes: {} };
      this.nodes.push({ name: `${this.scope}/${this.nodes.length}`, ...copy });
    }
    this.outputs.push({ name: result, type, shape });
    return result;
  }

  /** An empty list as the first result: see runtime/results.ts. */
  refusedOutput(): string {
    const name = this.emit('SequenceEmpty', []);
    this.outputs.unshift({ name, type: 'list', shape: null });
    return name;
  }

  /**
   * A reshape of a reshape is one, so that equal arrays get equal names whatever shapes they had in
   * between.
   */
  reshape(name: string, shape: readonly number[]): string {
    const source = this.reshapedFrom.get(name) ?? name;
    const result = this.emit('Reshape', [source, this.indices(shape)]);
    this.reshapedFrom.set(result, source);
    return result;
  }

  transpose(name: string, permutation: readonly number[]): string {
    return this.emit('Transpose', [name], { perm: permutation });
  }

  finish(): OnnxGraph {
    const needed = new Set(this.outputs.map((port) => port.name));
    const kept: OnnxNode[] = [];
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i]!;
      if (!node.outputs.some((name) => needed.has(name))) continue;
      kept.push(node);
      for (const name of node.inputs) needed.add(name);
    }
    return {
      nodes: kept.reverse(),
      constants: [...this.constants.values()].filter((constant) => needed.has(constant.name)),
      inputs: this.inputs.filter((port) => needed.has(port.name)),
      outputs: this.outputs,
    };
  }
}

function encodeInput(value: AttributeInput): OnnxAttribute {
  if (typeof value === 'number') return { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'text', value };
  if ('kind' in value) return value;
  return { kind: 'ints', value };
}

function bytesOf(type: ElementType, values: readonly number[]): Uint8Array {
  if (type === 'int64') return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  if (type === 'float32') return new Uint8Array(Float32Array.from(values).buffer);
  if (type === 'float64') return new Uint8Array(Float64Array.from(values).buffer);
  if (type === 'int32') return new Uint8Array(Int32Array.from(values).buffer);
  return Uint8Array.from(values);
}
