import { AdvrobError, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';

/**
 * A two-layer network with one output, N(x) = sum_j u_j relu(w_j . x + b_j) + c, as float64
 * numbers. Mutable: training changes it in place.
 */
export interface HostNetwork {
  /** d and m. */
  readonly inputs: number;
  readonly width: number;
  /** w, [d, m] row-major. */
  readonly first: Float64Array;
  /** b, [m], zeros without a bias. */
  readonly firstBias: Float64Array;
  /** u, [m]. */
  readonly second: Float64Array;
  /** c, [1]. */
  readonly secondBias: Float64Array;
  /** Which of the four are trained. */
  readonly trained: ReadonlySet<'first' | 'firstBias' | 'second' | 'secondBias'>;
}

const names = {
  first: 'fc1.weight',
  firstBias: 'fc1.bias',
  second: 'fc2.weight',
  secondBias: 'fc2.bias',
} as const;

/**
 * The numbers of a model made by `twoLayer` of `@advrob/models` with two classes.
 *
 * @throws AdvrobError `ADVROB_ANALYSIS` for any other model.
 */
export async function readNetwork(model: Classifier): Promise<HostNetwork> {
  const all: Readonly<Record<string, Variable>> = { ...model.buffers, ...model.weights };
  const [first, second] = [all[names.first], all[names.second]];
  const known: readonly string[] = Object.values(names);
  if (
    !first ||
    second?.shape[1] !== 1 ||
    model.numClasses !== 2 ||
    Object.keys(model.weights).some((name) => !known.includes(name))
  )
    throw new AdvrobError(
      'ADVROB_ANALYSIS',
      `expected a two-layer network with two classes, got weights ${Object.keys(model.weights).join(', ')}: make the model by twoLayer, or train it by trainToMargin`,
    );
  const [inputs, width] = first.shape as [number, number];
  const values = async (name: string, length: number): Promise<Float64Array> =>
    all[name] ? Float64Array.from(await all[name].data()) : new Float64Array(length);
  const parts = Object.keys(names) as (keyof typeof names)[];
  return {
    inputs,
    width,
    first: await values(names.first, inputs * width),
    firstBias: await values(names.firstBias, width),
    second: await values(names.second, width),
    secondBias: await values(names.secondBias, 1),
    trained: new Set(parts.filter((part) => model.weights[names[part]])),
  };
}

/** Puts the trained numbers into the model they were read from, rounded to float32. */
export function writeNetwork(network: HostNetwork, model: Classifier): void {
  for (const part of network.trained) {
    const variable = model.weights[names[part]]!;
    tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(network[part]), variable.shape)));
  }
}
