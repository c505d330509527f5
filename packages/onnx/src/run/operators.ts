import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import type { HostTensor } from '../format/tensor-data.js';
import type { Attribute } from '../graph/attributes.js';
import type { OnnxNode } from '../graph/model.js';
import type { Batch } from './rebatch.js';
import { arranged, deviceValue, dimsOf, inOrder, upload, type HostValue, type Value } from './value.js';
import { transposed } from './host.js';

/** What an operator does in one call: its output, or all of them. */
export type Operator = (call: Call) => Value | readonly Value[];

/** Every operator under `domain:name`, the standard's own under its name. */
export const operators = new Map<string, Operator>();

/** Registers an operator under one or more names. */
export function define(names: string | readonly string[], operator: Operator): void {
  for (const name of [names].flat()) operators.set(name, operator);
}

/** The name under which a node's operator is registered. */
export function operatorName({ domain, operator }: Pick<OnnxNode, 'domain' | 'operator'>): string {
  return domain === '' ? operator : `${domain}:${operator}`;
}

/** Tensors that a graph made of constants, until it is disposed. */
export class Kept {
  readonly #tensors = new Map<object | string, Map<string, Tensor>>();

  /** The tensor under this key; made once, by whatever the backend then is. */
  get(of: object | string, key: string, make: () => Tensor): Tensor {
    let own = this.#tensors.get(of);
    if (!own) this.#tensors.set(of, (own = new Map()));
    let found = own.get(key);
    // Kept inside of the tidy that makes it, so that the caller's does not free it.
    if (!found) own.set(key, (found = tf.tidy(() => tf.keep(make()))));
    return found;
  }

  dispose(): void {
    for (const own of this.#tensors.values()) for (const tensor of own.values()) tensor.dispose();
    this.#tensors.clear();
  }
}

/** One node with its inputs. */
export class Call {
  constructor(
    readonly node: OnnxNode,
    readonly inputs: readonly (Value | undefined)[],
    readonly kept: Kept,
    readonly batch: Batch,
    /** Runs the nodes of a branch and gives its outputs. */
    readonly branch: (attribute: string) => readonly Value[],
  ) {}

  get opset(): number {
    return this.node.opset;
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  input(index: number): Value {
    const value = this.inputs[index];
    if (!value) throw new OnnxError('ADVROB_ONNX_FILE', `input ${index} is missing`);
    return value;
  }

  /** Whether anyone wants an output beyond the first. */
  wants(output: number): boolean {
    return Boolean(this.node.outputs[output]);
  }

  /** The values of an input that are known without the model's input, or undefined. */
  known(index: number): HostValue | undefined {
    const value = this.input(index);
    return value.kind === 'host' ? value : undefined;
  }

  /** The numbers of an input that must be known. @throws OnnxError `ADVROB_ONNX_DYNAMIC`. */
  numbers(index: number): number[] {
    const value = this.known(index);
    if (!value)
      throw new OnnxError('ADVROB_ONNX_DYNAMIC', `its input '${this.node.inputs[index]}' depends on the data`);
    return [...value.data];
  }

  /** An input as a tensor, its axes as the file says or in `order`. Constants are uploaded once. */
  tensor(index: number, order?: readonly number[]): Tensor {
    return this.tensorOf(this.input(index), order);
  }

  tensorOf(value: Value, order: readonly number[] = inOrder(dimsOf(value).length)): Tensor {
    if (value.kind === 'device') return arranged(value, order);
    const make = (): Tensor => upload(order.every((axis, place) => axis === place) ? value : transposed(value, order));
    return value.isConstant ? this.kept.get(value.data, `${value.dims.join()}|${order.join()}`, make) : make();
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes.get(name);
  }

  number(name: string, otherwise: number): number {
    const found = this.attribute(name);
    return found?.kind === 'number' ? found.value : otherwise;
  }

  text(name: string, otherwise: string): string {
    const found = this.attribute(name);
    return found?.kind === 'text' ? found.value : otherwise;
  }

  list(name: string): readonly number[] | undefined {
    const found = this.attribute(name);
    return found?.kind === 'numbers' ? found.value : undefined;
  }

  /** Numbers that are an attribute in old files, an input in newer ones. */
  numbersOf(name: string, index: number): readonly number[] | undefined {
    return this.has(index) ? this.numbers(index) : this.list(name);
  }

  tensorAttribute(name: string): HostTensor | undefined {
    const found = this.attribute(name);
    return found?.kind === 'tensor' ? found.value : undefined;
  }

  unsupported(what: string): never {
    throw new OnnxError('ADVROB_ONNX_OPERATOR', `${what} is not supported`);
  }
}

/**
 * A result that no gradient goes through, such as indices and comparisons: tfjs would look for the
 * gradients of the operations inside.
 */
export function offTape(make: () => Tensor): Tensor {
  return tf.customGrad(() => ({ value: make(), gradFunc: () => [] as unknown as Tensor }))();
}

/** An axis counted from the start. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (found < 0 || found >= Math.max(rank, 1)) throw new OnnxError('ADVROB_ONNX_FILE', `axis ${axis} of ${rank}`);
  return found;
}

/** Any value as one on the device, in its own order. */
export function onDevice(call: Call, value: Value): Extract<Value, { kind: 'device' }> {
  return value.kind === 'device' ? value : deviceValue(value.type, call.tensorOf(value));
}
