import { defineObjective, defineTrainer, type Objective } from '@advrob/core';
import { activate, type Activation } from '@advrob/models/layer-graph';
import { adam } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { adjoint, type LinearNode } from '../bounds/adjoint.js';
import type { Interval } from '../bounds/interval.js';
import { boundsLoss, boundsShape, initializer, type BoundsValues } from './ibp.js';
import { intervalMargins, layersChecked, type BoundedPass } from './layers.js';

const crownShape = { kappa: boundsShape.kappa, initialization: boundsShape.initialization };

/** Below this share the linear bounds are left out, as in the authors' code. */
const leastShare = 1e-5;

/** `share` [] of the linear bounds, missing when there are none to compute. */
type Values = BoundsValues & { readonly share?: Tensor };

/**
 * CROWN-IBP (Zhang et al. 2020, https://arxiv.org/abs/1906.06316, equation 14): as `ibp`, with the bounds of
 * margins beta M_crown + (1 - beta) M_ibp, where M_crown follows linear bounds back to the input over
 * the intervals inside, and beta = 1 - epsilon / its full size goes to 0 with the ramp. Of use with
 * an `epsilonSchedule`: without one it is `ibp`.
 *
 * ReLU has adaptive slopes below, functions such as tanh parallel lines with the smaller slope of
 * the ends; a max pooling ends the way back with its interval. A step costs a backward pass for each
 * class beside that of `ibp`.
 *
 * @throws AdvrobError `ADVROB_OPTION`; when it trains `ADVROB_NORM` for balls other than Linf,
 *   `ADVROB_CERTIFY` for a layer without bounds.
 * @example
 * ```ts
 * import { crownIbp } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, objective: crownIbp(), threat: { norm: 'linf', epsilon: 0.1 },
 *   epsilonSchedule: { name: 'smoothed-ramp', from: 1, length: 5 }, epochs: 10,
 * });
 * ```
 */
export const crownIbp = defineObjective({
  name: 'crown-ibp',
  summary: 'CROWN-IBP: linear bounds of the margins at the start of the ramp, intervals at its end.',
  paper:
    'Zhang et al. 2020, Towards Stable and Efficient Training of Verifiably Robust Neural Networks, https://arxiv.org/abs/1906.06316',
  options: z.strictObject(crownShape),
  create: ({ kappa, initialization }): Objective<Values> => {
    const check = layersChecked('crown-ibp');
    const start = initializer({ initialization });
    return {
      state: start.state,
      async prepare({ x, y }, context) {
        const { model, threat, epsilonFactor } = context;
        await check(model, threat);
        start.prepare(x, context);
        const share = 1 - epsilonFactor;
        return {
          x,
          y,
          center: x,
          radius: tf.scalar(threat.epsilon),
          factor: tf.scalar(epsilonFactor),
          ...(share >= leastShare && { share: tf.scalar(share) }),
        };
      },
      loss: ({ share, ...values }, model, how) =>
        boundsLoss(values, model, how, { kappa, regularization: 0 }, (pass, y) => {
          const intervals = intervalMargins(pass, y);
          return share ? tf.add(tf.mul(linearMargins(pass, y), share), tf.mul(intervals, tf.sub(1, share))) : intervals;
        }),
    };
  },
});

/** Lower bounds [n, classes] of the margins z_y - z_k by CROWN over the intervals of a pass. */
export function linearMargins({ nodes, intervals }: BoundedPass, y: Tensor): Tensor {
  const classes = nodes.at(-1)!.shape[0]!;
  const own = tf.cast(tf.oneHot(tf.cast(y, 'int32') as tf.Tensor1D, classes), 'float32');
  const rows = tf.sub(tf.expandDims(own, 1), tf.eye(classes));
  const count = rows.shape[0]!;
  const values: Tensor[] = [];
  const flat = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0]!, -1]);
  const times = (a: Tensor, x: Tensor): Tensor => tf.squeeze(tf.matMul(a, tf.expandDims(flat(x), 2)), [2]);
  const ended = (a: Tensor, { low, high }: Interval): void => {
    values.push(times(a, tf.mul(tf.add(low, high), 0.5)));
    values.push(tf.neg(times(tf.abs(a), tf.mul(tf.sub(high, low), 0.5))));
  };
  const coefficients = new Map<number, Tensor>([[nodes.length - 1, rows]]);
  for (const node of [...nodes].reverse()) {
    const a = coefficients.get(node.id);
    if (!a) continue;
    let parts: Tensor[];
    if (node.op === 'input' || node.op === 'maxPool') {
      ended(a, intervals[node.id]!);
      continue;
    } else if (node.op === 'activation') {
      const { low, high } = linesAround(node.activation, intervals[node.inputs[0]!]!);
      const [positive, negative] = [tf.relu(a), tf.neg(tf.relu(tf.neg(a)))];
      values.push(times(positive, low.shift), times(negative, high.shift));
      const wide = (slope: Tensor): Tensor => tf.expandDims(flat(slope), 1);
      parts = [tf.add(tf.mul(positive, wide(low.slope)), tf.mul(negative, wide(high.slope)))];
    } else {
      const constant = constantOf(node);
      if (constant) values.push(times(a, tf.mul(tf.ones([count, ...node.shape]), constant)));
      const shapes = node.inputs.map((id) => nodes[id]!.shape);
      const found = adjoint(node, tf.reshape(a, [count * classes, ...node.shape]), shapes, false);
      parts = found.map((part) => tf.reshape(part, [count, classes, -1]));
    }
    parts.forEach((part, i) => {
      const other = coefficients.get(node.inputs[i]!);
      coefficients.set(node.inputs[i]!, other ? tf.add(other, part) : part);
    });
  }
  return values.reduce((sum, each) => tf.add(sum, each));
}

/** What a linear node adds. */
function constantOf(node: LinearNode): Tensor | undefined {
  if (node.op === 'dense' || node.op === 'conv2d') return node.bias;
  if (node.op === 'affine') return node.shift;
  if (node.op !== 'pad' || node.value === 0) return undefined;
  const inside = node.shape.map((side, axis) => side - node.paddings[axis]![0] - node.paddings[axis]![1]);
  return tf.pad(tf.zeros(inside), [...node.paddings] as [number, number][], node.value);
}

/** slope z + shift, elementwise. */
interface Line {
  readonly slope: Tensor;
  readonly shift: Tensor;
}

/** Lines below and above an activation on [low, high], with gradients of the ends. */
function linesAround(activation: Activation, { low, high }: Interval): { readonly low: Line; readonly high: Line } {
  switch (activation.kind) {
    case 'relu':
      return hinge(low, high, 0);
    case 'leakyRelu':
      return hinge(low, high, activation.slope);
    case 'abs': {
      // |z| = 2 relu(z) - z; the line below of an unstable neuron is 0.
      const { high: above } = hinge(low, high, 0);
      const [isOn, isOff] = [tf.greaterEqual(low, 0), tf.lessEqual(high, 0)];
      const sign = tf.sub(tf.cast(isOn, 'float32'), tf.cast(isOff, 'float32'));
      return {
        low: { slope: sign, shift: tf.zerosLike(low) },
        high: { slope: tf.sub(tf.mul(2, above.slope), 1), shift: tf.mul(2, above.shift) },
      };
    }
    default: {
      // The derivative of each of these is nowhere on an interval below the smaller one of its ends.
      const slope = tf.minimum(derivative(activation, low), derivative(activation, high));
      const through = (z: Tensor): Line => ({ slope, shift: tf.sub(activate(activation, z), tf.mul(slope, z)) });
      return { low: through(low), high: through(high) };
    }
  }
}

/** Lines around z for z > 0, and `leak` z for z < 0. */
function hinge(low: Tensor, high: Tensor, leak: number): { readonly low: Line; readonly high: Line } {
  const [isOn, isOff] = [tf.greaterEqual(low, 0), tf.lessEqual(high, 0)];
  const [l, u] = [tf.minimum(low, 0), tf.maximum(high, 0)];
  // Of a neuron without width the chord is never used; its divisor must not be 0.
  const width = tf.maximum(tf.sub(u, l), 1e-12);
  const [ones, leaks] = [tf.onesLike(low), tf.fill(low.shape, leak)];
  const stable = (unstable: Tensor): Tensor => tf.where(isOn, ones, tf.where(isOff, leaks, unstable));
  const chord = tf.div(tf.sub(u, tf.mul(l, leak)), width);
  const isMostlyOn = tf.greater(u, tf.neg(l));
  return {
    low: { slope: stable(tf.where(isMostlyOn, ones, leaks)), shift: tf.zerosLike(low) },
    high: {
      slope: stable(chord),
      shift: tf.where(tf.logicalOr(isOn, isOff), tf.zerosLike(low), tf.mul(l, tf.sub(leak, chord))),
    },
  };
}

function derivative(activation: Activation, z: Tensor): Tensor {
  switch (activation.kind) {
    case 'tanh':
      return tf.sub(1, tf.square(tf.tanh(z)));
    case 'sigmoid':
      return tf.mul(tf.sigmoid(z), tf.sub(1, tf.sigmoid(z)));
    case 'softplus':
      return tf.sigmoid(z);
    case 'elu':
      return tf.exp(tf.minimum(z, 0));
    case 'clip': {
      const inside = tf.logicalAnd(tf.greaterEqual(z, activation.min), tf.lessEqual(z, activation.max));
      return tf.cast(inside, 'float32');
    }
    default:
      throw new Error(`no derivative of ${activation.kind}`);
  }
}

/**
 * CROWN-IBP with the settings of its code for small networks on MNIST: Adam with rate 5e-4, of 100
 * passes 10 clean ones and 51 for the ramp; batches of 256. kappa goes to 0.5 as in the paper's main
 * results (their other choice is 0).
 *
 * @throws AdvrobError `ADVROB_OPTION` for options out of range.
 * @example
 * ```ts
 * import { crownIbpTrainer } from '@advrob/certification';
 * import { fit } from '@advrob/training';
 * await fit({
 *   model, data, ...crownIbpTrainer(), threat: { norm: 'linf', epsilon: 0.3 }, epochs: 100,
 * });
 * ```
 */
export const crownIbpTrainer = defineTrainer({
  name: 'crown-ibp',
  summary: 'CROWN-IBP with Adam and the ramp of its code on MNIST.',
  paper:
    'Zhang et al. 2020, Towards Stable and Efficient Training of Verifiably Robust Neural Networks, https://arxiv.org/abs/1906.06316',
  options: z.strictObject(crownShape),
  create: (options) => ({
    objective: crownIbp(options),
    optimizer: adam(),
    learningRate: 5e-4,
    epsilonSchedule: { name: 'smoothed-ramp', from: 0.1, length: 0.51, unit: 'run' },
  }),
});
