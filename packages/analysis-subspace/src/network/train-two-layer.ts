import { AdvrobError, giveWay, stopIfAborted, type Classifier } from '@advrob/core';
import type { Points } from '@advrob/datasets';
import { readNetwork, writeNetwork, type HostNetwork } from './host-network.js';
import type { Descent, DescentOptions } from './train-to-margin.js';

/** Steps between two chances for timers and signals. */
const breath = 50;

/**
 * What {@link trainToMargin} does, for two-layer networks in float64 on the host: tens of thousands
 * of steps on a handful of points, where a tensor backend spends its time on calls, and P1 and P6
 * hold to float64 precision. The margin is looked at in every step. The result is the same on every
 * backend.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for a model that is not a two-layer network with two
 *   classes, `ADVROB_TRAINING_DIVERGED`, `ADVROB_ABORTED`.
 * @example
 * ```ts
 * const model = twoLayer({ inputShape: [2], width: 100, bounds: [-10, 10] })(0);
 * const { steps, margin } = await trainTwoLayer(model, diagonalPoints(), { learningRate: 0.02, stopMargin: 0.3, maxSteps: 40_000 });
 * ```
 */
export async function trainTwoLayer(
  model: Classifier,
  points: Points,
  options: Omit<DescentOptions, 'checkEvery'>,
): Promise<Descent> {
  const network = await readNetwork(model);
  if (points.size !== network.inputs)
    throw new AdvrobError('ADVROB_SHAPE', `expected points of ${network.inputs} values, got ${points.size}`);
  const scratch = scratchOf(network, points.labels.length);
  for (let steps = 0; ; steps++) {
    const margin = forward(network, points, scratch);
    if (!Number.isFinite(margin))
      throw new AdvrobError(
        'ADVROB_TRAINING_DIVERGED',
        `trainTwoLayer: the margin is ${margin} after ${steps} steps: take a smaller learning rate`,
      );
    const isReached = margin > options.stopMargin;
    if (isReached || steps >= options.maxSteps) {
      writeNetwork(network, model);
      return { steps, margin, isReached };
    }
    backward(network, points, scratch);
    update(network, scratch, options);
    if (steps % breath === 0) {
      stopIfAborted(options.signal);
      await giveWay();
    }
  }
}

interface Scratch {
  /** relu(w_j . x_i + b_j), [n, m]. */
  readonly hidden: Float64Array;
  /** N(x_i), [n]. */
  readonly outputs: Float64Array;
  readonly gradients: Readonly<Record<'first' | 'firstBias' | 'second' | 'secondBias', Float64Array>>;
}

function scratchOf({ first, firstBias, second, secondBias, width }: HostNetwork, count: number): Scratch {
  const like = (values: Float64Array): Float64Array => new Float64Array(values.length);
  return {
    hidden: new Float64Array(count * width),
    outputs: new Float64Array(count),
    gradients: { first: like(first), firstBias: like(firstBias), second: like(second), secondBias: like(secondBias) },
  };
}

/** Fills in hidden values and outputs; returns the smallest y_i N(x_i). */
function forward(network: HostNetwork, { inputs: points, labels, size }: Points, { hidden, outputs }: Scratch): number {
  const { first, firstBias, second, secondBias, width } = network;
  let margin = Infinity;
  for (let i = 0; i < labels.length; i++) {
    const row = hidden.subarray(i * width, (i + 1) * width);
    row.set(firstBias);
    for (let k = 0; k < size; k++) {
      const value = points[i * size + k]!;
      if (value === 0) continue;
      for (let j = 0, at = k * width; j < width; j++, at++) row[j]! += value * first[at]!;
    }
    let output = secondBias[0]!;
    for (let j = 0; j < width; j++) {
      if (!(row[j]! > 0)) row[j] = 0;
      output += second[j]! * row[j]!;
    }
    outputs[i] = output;
    // Not Math.min, which would be fine with NaN, but a comparison that keeps it: NaN must stop the
    // run.
    const lead = labels[i] === 1 ? output : -output;
    if (!(lead >= margin)) margin = lead;
  }
  return margin;
}

/** The gradient of the mean logistic loss, mean log(1 + exp(-y N)). */
function backward(network: HostNetwork, { inputs: points, labels, size }: Points, scratch: Scratch): void {
  const { second, width } = network;
  const { hidden, outputs, gradients } = scratch;
  for (const gradient of Object.values(gradients)) gradient.fill(0);
  const active = new Float64Array(width);
  for (let i = 0; i < labels.length; i++) {
    const sign = labels[i] === 1 ? 1 : -1;
    const slope = -sign / (1 + Math.exp(sign * outputs[i]!)) / labels.length;
    gradients.secondBias[0]! += slope;
    for (let j = 0; j < width; j++) {
      const value = hidden[i * width + j]!;
      gradients.second[j]! += slope * value;
      active[j] = value > 0 ? slope * second[j]! : 0;
      gradients.firstBias[j]! += active[j]!;
    }
    for (let k = 0; k < size; k++) {
      const value = points[i * size + k]!;
      if (value === 0) continue;
      for (let j = 0, at = k * width; j < width; j++, at++) gradients.first[at]! += value * active[j]!;
    }
  }
}

function update(
  network: HostNetwork,
  { gradients }: Scratch,
  { learningRate, weightDecay = 0, firstLayerNorm = 0 }: DescentOptions,
): void {
  const length = firstLayerNorm > 0 ? Math.hypot(norm(network.first), norm(network.firstBias)) : 1;
  for (const part of network.trained) {
    const [values, gradient] = [network[part], gradients[part]];
    const decay = weightDecay + (part.startsWith('first') ? firstLayerNorm / length : 0);
    for (let i = 0; i < values.length; i++) values[i]! -= learningRate * (gradient[i]! + decay * values[i]!);
  }
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
