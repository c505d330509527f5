import type { Tensor } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { places, stridesOf } from '../run/host.js';
import { inOrder } from '../run/value.js';
import type { AttributeValue, Constant, Node } from './model.js';

/** A value of the graph. Place `p` in the file holds axis `order[p]` of the tensor. */
export interface Traced {
  readonly name: string;
  readonly order: readonly number[];
  readonly shape: readonly number[];
}

/** The graph that a function's kernels make, so far. */
export class Tracer {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  readonly #values = new Map<number, Traced>();
  readonly #emitted = new Map<string, string>();
  readonly #names = new Set<string>();
  #count = 0;

  /** @param nameOf The name of a weight, where it has one. */
  constructor(private readonly nameOf: (tensor: Tensor) => string | undefined) {}

  /** What a tensor is in the graph; undefined for what does not depend on the input. */
  valueOf(tensor: Tensor): Traced | undefined {
    return this.#values.get(tensor.id);
  }

  set(tensor: Tensor, name: string, order: readonly number[] = inOrder(tensor.rank)): void {
    this.#values.set(tensor.id, { name, order, shape: tensor.shape });
  }

  /** Adds an operation, once; the name of its result. */
  emit(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const key = `${operator}(${inputs.join()})${JSON.stringify(attributes)}`;
    const known = this.#emitted.get(key);
    if (known !== undefined) return known;
    const output = this.#fresh(operator.toLowerCase());
    this.nodes.push({ operator, inputs, output, attributes });
    this.#emitted.set(key, output);
    return output;
  }

  #fresh(stem: string): string {
    let name = `${stem}_${this.#count++}`;
    while (this.#names.has(name)) name = `${stem}_${this.#count++}`;
    this.#names.add(name);
    return name;
  }

  constant(type: Constant['type'], dims: readonly number[], data: ArrayLike<number>, wanted?: string): string {
    const isFree = wanted !== undefined && wanted !== '' && !this.#names.has(wanted);
    const name = isFree ? wanted : this.#fresh('constant');
    this.#names.add(name);
    this.constants.push({ name, type, dims, data });
    return name;
  }

  /** A list of whole numbers, as shapes and axes are given. */
  integers(values: readonly number[]): string {
    return this.#once(`integers ${values.join()}`, () => this.constant('int64', [values.length], values));
  }

  number(value: number): string {
    return this.#once(`number ${value}`, () => this.constant('float32', [], [value]));
  }

  #once(key: string, make: () => string): string {
    let name = this.#emitted.get(key);
    if (name === undefined) this.#emitted.set(key, (name = make()));
    return name;
  }

  /**
   * A tensor that does not depend on the input, read as `shape` and with its axes permuted. The
   * function runs at once, so that values are read where they are met.
   */
  weight(
    tensor: Tensor,
    shape: readonly number[] = tensor.shape,
    order: readonly number[] = inOrder(shape.length),
  ): string {
    const key = `weight ${tensor.id} ${shape.join()} ${order.join()}`;
    return this.#once(key, () => {
      // eslint-disable-next-line no-restricted-syntax
      const data = tensor.dataSync() as ArrayLike<number>;
      const type = tensor.dtype as Constant['type'];
      const dims = order.map((axis) => shape[axis]!);
      const strides = stridesOf(shape);
      const from = places(
        dims,
        order.map((axis) => strides[axis]!),
      );
      const values = type === 'float32' ? new Float32Array(from.length) : new Int32Array(from.length);
      from.forEach((place, i) => (values[i] = data[place]!));
      return this.constant(type, dims, values, this.nameOf(tensor));
    });
  }

  /** The name of a traced value, or of a weight, with its axes in `order`. */
  arranged(tensor: Tensor, order: readonly number[] = inOrder(tensor.rank)): string {
    const traced = this.valueOf(tensor);
    if (!traced) return this.weight(tensor, tensor.shape, order);
    if (traced.order.every((axis, place) => axis === order[place])) return traced.name;
    return this.emit('Transpose', [traced.name], { perm: order.map((axis) => traced.order.indexOf(axis)) });
  }

  /**
   * An operand of an elementwise operation whose result has `rank` axes in `order`: of fewer axes,
   * it is read from the right.
   */
  operand(tensor: Tensor, rank: number, order: readonly number[]): string {
    const more = rank - tensor.rank;
    const traced = this.valueOf(tensor);
    if (!traced) {
      if (tensor.size === 1) return this.weight(tensor, []);
      return this.weight(tensor, [...Array<number>(more).fill(1), ...tensor.shape], order);
    }
    if (more === 0) return this.arranged(tensor, order);
    const name = this.arranged(tensor);
    if (order.every((axis, place) => axis === place)) return name;
    const full = this.emit('Unsqueeze', [name, this.integers(inOrder(more))]);
    return this.emit('Transpose', [full], { perm: [...order] });
  }

  refuse(what: string): never {
    throw new OnnxError('ADVROB_ONNX_OPERATOR', `${what} has no equivalent in ONNX here`);
  }
}
