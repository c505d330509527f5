import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { AdvrobError } from '../errors.js';

/**
 * What went wrong with the input gradients of one call. Counts stay on the device, so that no step
 * waits for them.
 */
export class GradientTally {
  private rows: Tensor | undefined;
  /** Largest change of the scores where no op led to them; undefined until that happens. */
  private change: Tensor | undefined;
  private isChecked = false;

  /** What a step must bring the backend to compute. */
  get tensors(): Tensor[] {
    return [this.rows, this.change].filter((tensor) => tensor !== undefined && !tensor.isDisposed) as Tensor[];
  }

  /** Adds the rows [n] (bool) whose gradient was not finite. */
  add(broken: Tensor): void {
    const before = this.rows;
    this.rows = tf.keep(
      tf.tidy(() => {
        const count = tf.sum(tf.cast(broken, 'float32'));
        return before ? tf.add(before, count) : count;
      }),
    );
    before?.dispose();
  }

  /**
   * Notes that no op leads from the input to the scores, which is right only if they never change:
   * `scores` are taken at three points once.
   */
  addCut(scores: (x: Tensor) => Tensor, x: Tensor, [low, high]: readonly [number, number]): void {
    if (this.change !== undefined) return;
    this.change = tf.keep(
      tf.tidy(() => {
        const here = scores(x);
        const others = [tf.sub(low + high, x), tf.fill(x.shape, low + 0.3 * (high - low))];
        return tf.max(tf.stack(others.map((other) => tf.max(tf.abs(tf.sub(scores(other), here))))));
      }),
    );
  }

  /** @throws AdvrobError `ADVROB_GRADIENT_MISSING` when the scores change without an op that leads to them. */
  async check(): Promise<void> {
    if (this.change === undefined || this.isChecked) return;
    this.isChecked = true;
    const [change] = await this.change.data();
    if (change !== 0)
      throw new AdvrobError(
        'ADVROB_GRADIENT_MISSING',
        'the scores change with the input, but no op of tfjs with a gradient leads from one to the other: the model reads values back (dataSync, data, array) ' +
          'or casts its input to whole numbers; use tfjs ops, or an attack without gradients',
      );
  }

  /** The count of {@link read} without reading it, the caller's; undefined before any gradient. */
  count(): Tensor | undefined {
    return this.rows === undefined ? undefined : tf.clone(this.rows);
  }

  /** How many rows of gradients were not finite. */
  async read(): Promise<number> {
    return this.rows === undefined ? 0 : (await this.rows.data())[0]!;
  }

  dispose(): void {
    tf.dispose([this.rows, this.change].filter((tensor) => tensor !== undefined));
  }
}
