import * as tf from '@tensorflow/tfjs-core';

/**
 * Frees what an attack allocates outside of its loops. tfjs cannot tidy an asynchronous function, so a tidy scope is open only while the attack's own
 * synchronous code runs: it is closed, its tensors adopted, before anything is awaited, and opened again when the attack goes on.
 */
export class AuthorTensors {
  private readonly made = new Set<tf.Tensor>();

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

  dispose(): void {
    for (const tensor of this.made) tensor.dispose();
    this.made.clear();
  }
}
