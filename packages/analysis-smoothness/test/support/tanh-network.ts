import { readFile } from 'node:fs/promises';
import type { Classifier, Dataset } from '@advrob/core';
import { arrayDataset } from '@advrob/datasets';
import { fromFunction } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';

/** What tooling/oracle/smoothness/make.py writes. */
export interface Fixture {
  readonly linear: {
    readonly theta: readonly number[];
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly cases: readonly {
      readonly attack: 'none' | 'l2' | 'linf';
      readonly epsilon: number;
      readonly loss: number;
      readonly gradient: readonly number[];
      readonly hessian: readonly number[];
    }[];
  };
  readonly network: {
    readonly weights: Readonly<Record<string, readonly number[]>>;
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly loss: number;
    readonly weightGradient: Readonly<Record<string, readonly number[]>>;
    readonly inputGradientNorms: readonly number[];
    readonly inputGradientL1: readonly number[];
    readonly topEigenvalue: number;
    readonly awp: { readonly gamma: number; readonly increase: number };
  };
}

export async function readFixture(): Promise<Fixture> {
  return JSON.parse(await readFile(new URL('../fixtures/smoothness.json', import.meta.url), 'utf8')) as Fixture;
}

const shapes = { 'fc1.weight': [4, 6], 'fc1.bias': [6], 'fc2.weight': [6, 3], 'fc2.bias': [3] } as const;

/** The fixture's network 4-6-3 with tanh, and its examples. */
export async function tanhNetwork({
  network,
}: Fixture): Promise<{ model: Classifier; data: Dataset; dispose(): void }> {
  const weights = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor([...network.weights[name]!], [...shape]))),
    ]),
  );
  const at = (name: keyof typeof shapes): tf.Tensor => weights[name] as unknown as tf.Tensor;
  const forward = (x: tf.Tensor): tf.Tensor => {
    const hidden = tf.tanh(tf.add(tf.matMul(x, at('fc1.weight')), at('fc1.bias')));
    return tf.add(tf.matMul(hidden, at('fc2.weight')), at('fc2.bias'));
  };
  const model = await fromFunction(forward, { inputShape: [4], bounds: [0, 1], weights });
  const data = arrayDataset({
    name: 'fixture',
    inputs: Float32Array.from(network.x),
    labels: network.y,
    inputShape: [4],
    numClasses: 3,
  });
  return { model, data, dispose: () => tf.dispose(weights) };
}
