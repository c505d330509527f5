import type { Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { sampleInputs } from '../checks/outputs.js';
import { watchOps, type Kernel } from '../checks/watch-ops.js';

/** What a forward pass of one example consists of. */
export interface Work {
  /** Multiplications with an addition, in convolutions and matrix products. */
  readonly multiplyAdds: number;
  /** Ops of tfjs that the input leads to, by how often they run. */
  readonly operators: ReadonlyMap<string, number>;
}

/** Runs one example and counts. */
export function workOf(model: Classifier): Work {
  const operators = new Map<string, number>();
  let multiplyAdds = 0;
  const x = tf.tidy(() => tf.slice(sampleInputs(model), 0, 1));
  try {
    watchOps(model, x, (op) => {
      operators.set(op.name, (operators.get(op.name) ?? 0) + 1);
      for (const kernel of op.kernels) multiplyAdds += multiplyAddsOf(kernel);
    });
  } finally {
    x.dispose();
  }
  return { multiplyAdds, operators };
}

function multiplyAddsOf({ name, inputs: [a, b], outputs: [out] }: Kernel): number {
  if (!a || !b || !out) return 0;
  // Filters are [...sides, in, out], those of depthwise ones [...sides, in, times].
  const sides = (filter: tf.Tensor): number => filter.shape.slice(0, -2).reduce((product, side) => product * side, 1);
  if (/Conv[23]DBackpropInput|DepthwiseConv2dNativeBackpropInput/.test(name))
    return a.size * sides(b) * b.shape.at(-2)!;
  if (/Depthwise/.test(name)) return out.size * sides(b);
  if (/Conv[23]D/.test(name)) return out.size * sides(b) * b.shape.at(-2)!;
  if (!/MatMul/.test(name)) return 0;
  // [m, k] [k, n], either of them turned round, once or for each of a batch.
  const batches = Math.max(1, Math.min(batchesOf(a), batchesOf(b)));
  return Math.round(out.size * Math.sqrt((a.size * b.size) / (out.size * batches)));
}

function batchesOf({ shape }: tf.Tensor): number {
  return shape.slice(0, -2).reduce((product, side) => product * side, 1);
}
