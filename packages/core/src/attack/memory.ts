import { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Owns the tensors of a loop by identity: what is no longer referenced from what it keeps is freed,
 * however often the rest is shared.
 */
export class Holder {
  private held: Set<Tensor>;

  constructor(values: readonly object[]) {
    this.held = tensorsIn(values);
  }

  get tensors(): Tensor[] {
    return [...this.held];
  }

  /** Holds exactly the tensors inside `values` from now on. */
  keep(values: readonly object[]): void {
    const wanted = tensorsIn(values);
    for (const tensor of this.held) if (!wanted.has(tensor)) tensor.dispose();
    this.held = wanted;
  }

  /** Gives the tensors inside `value` to the caller. */
  release(value: object): void {
    for (const tensor of tensorsIn([value])) this.held.delete(tensor);
  }

  dispose(): void {
    this.keep([]);
  }
}

/** All tensors inside nested plain objects. */
function tensorsIn(values: readonly object[]): Set<Tensor> {
  const found = new Set<Tensor>();
  const walk = (value: unknown): void => {
    if (value instanceof Tensor) found.add(value);
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Array.isArray(value))
      Object.values(value).forEach(walk);
  };
  values.forEach(walk);
  return found;
}

/**
 * Frees what an attack allocates outside of its loops. tfjs cannot tidy an asynchronous function,
 * so a tidy scope is open only while the attack's own synchronous code runs: it is closed, its
 * tensors adopted, before anything is awaited, and opened again when the attack goes on.
 */
export class AuthorTensors {
  private made = new Set<tf.Tensor>();

  open(): void {
    tf.engine().startScope('attack');
  }

  close(): void {
    const engine = tf.engine();
    const made = engine.state.activeScope.track.filter((tensor) => !tensor.kept);
    engine.endScope(made);
    this.adopt(made);
  }

  /** Takes over tensors that the framework made for the attack. */
  adopt(tensors: Iterable<tf.Tensor>): void {
    for (const tensor of tensors) this.made.add(tensor);
  }

  /** Runs asynchronous framework work in the middle of the attack's code. */
  async suspended<T>(work: () => Promise<T>): Promise<T> {
    this.close();
    try {
      return await work();
    } finally {
      this.open();
    }
  }

  /** Runs a part of the attack's code and frees what it made, but the tensors in its result. */
  async tidy<T extends object | void>(part: () => Promise<T>): Promise<T> {
    this.close();
    const outer = this.made;
    this.made = new Set();
    this.open();
    let result: T | undefined;
    try {
      result = await part();
      return result;
    } finally {
      this.close();
      for (const tensor of tensorsIn(result ? [result] : [])) if (this.made.delete(tensor)) outer.add(tensor);
      this.dispose();
      this.made = outer;
      this.open();
    }
  }

  dispose(): void {
    for (const tensor of this.made) tensor.dispose();
    this.made.clear();
  }
}
