import type { Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { watchOps, type Op } from './watch-ops.js';

/** Where a gradient goes wrong. */
export interface FoundOp {
  /** Name of the tfjs kernel; empty when the chain of ops is cut. */
  readonly name: string;
  /** `'name' (class)` of the Keras layer that runs it, where there is one. */
  readonly layer?: string | undefined;
  /**
   * `wrong`: the gradient is not that of the op; `flat`: it is zero where the op moves; `cut`: no op
   * leads from the input to the scores.
   */
  readonly what: 'wrong' | 'flat' | 'cut';
}

/** Steps of the differences of one op, as parts of the size of its inputs. */
const steps = [1e-3, 1e-2, 5e-2];
const tolerance = 0.1;

/**
 * Looks for the first op of a model whose gradient does not agree with differences of its own
 * output. Undefined when none is found. For messages: it runs every op several times.
 */
export async function findWrongOp(model: Classifier, x: tf.Tensor): Promise<FoundOp | undefined> {
  const random = createRandom({ seed: 0 });
  const looked: { readonly name: string; readonly layer: string | undefined; readonly slopes: tf.Tensor }[] = [];
  let reached = true;
  try {
    reached = watchOps(model, x, (op) => {
      const slopes = slopesOf(op, random, looked.length);
      // Kept: the model's own tidy scopes end before they are read.
      if (slopes !== undefined) looked.push({ name: op.name, layer: op.layer, slopes: tf.keep(slopes) });
    });
    for (const { name, layer, slopes } of looked) {
      const [slope, size, ...quotients] = [...(await slopes.data())] as [number, number, ...number[]];
      const agrees = quotients.some(
        (quotient) =>
          Math.abs(quotient - slope) <= tolerance * Math.max(Math.abs(slope), Math.abs(quotient)) + 1e-4 * size,
      );
      if (!agrees) return { name, layer, what: slope === 0 ? 'flat' : 'wrong' };
    }
  } catch {
    // A backward pass that fails is told elsewhere; this only adds to a message.
  } finally {
    tf.dispose(looked.map(({ slopes }) => slopes));
  }
  return reached ? undefined : { name: '', what: 'cut' };
}

/** The layer that runs an op; undefined when it is not one of Keras, or the op is not found. */
export function layerOfOp(model: Classifier, x: tf.Tensor, name: string): string | undefined {
  let layer: string | undefined;
  watchOps(model, x, (op) => {
    if (op.name === name) layer ??= op.layer;
  });
  return layer;
}

/** Slope of an op along a random change of its inputs, its size, and the differences for all steps. */
function slopesOf(op: Op, random: ReturnType<typeof createRandom>, index: number): tf.Tensor | undefined {
  const moved = op.inputs.map(({ dtype }) => dtype === 'float32');
  if (!moved.some(Boolean) || op.outputs.some(({ dtype }) => dtype !== 'float32')) return undefined;
  return tf.tidy(() => {
    const draw = (what: string, { shape }: tf.Tensor) => random.normal(`find/${what}/${index}`, shape);
    const weights = op.outputs.map((output, i) => draw(`output${i}`, output));
    const directions = op.inputs.map((input, i) => {
      if (!moved[i]) return undefined;
      const size = tf.sqrt(tf.mean(tf.square(input)));
      return tf.mul(draw(`input${i}`, input), tf.where(tf.greater(size, 0), size, tf.onesLike(size)));
    });
    const sum = (outputs: readonly tf.Tensor[]): tf.Scalar =>
      tf.addN(outputs.map((output, i) => tf.sum(tf.mul(output, weights[i]!)))) as tf.Scalar;
    if (op.replay(op.inputs) === undefined) return undefined;
    const floats = op.inputs.filter((_, i) => moved[i]);
    const withFloats = (values: readonly tf.Tensor[]): tf.Tensor[] => {
      const left = [...values];
      return op.inputs.map((input, i) => (moved[i] ? left.shift()! : input));
    };
    const gradients = tf.grads((...values: tf.Tensor[]) => sum(op.again(withFloats(values))))(floats);
    const slope = tf.addN(
      gradients.map((gradient, i) => tf.sum(tf.mul(gradient, directions.filter((each) => each !== undefined)[i]!))),
    );
    const at = (step: number): tf.Tensor =>
      sum(
        op.replay(op.inputs.map((input, i) => (directions[i] ? tf.add(input, tf.mul(directions[i], step)) : input)))!,
      );
    const size = tf.addN(op.outputs.map((output, i) => tf.sum(tf.abs(tf.mul(output, weights[i]!)))));
    return tf.stack([slope, size, ...steps.map((step) => tf.div(tf.sub(at(step), at(-step)), 2 * step))]);
  });
}
