import { readFile } from 'node:fs/promises';
import type { Classifier } from '@advrob/core';
import { twoLayer } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { spanOf, type BasisSubspace } from '@advrob/datasets';

/** What tooling/oracle/subspace/make.py writes. */
export interface Fixture {
  readonly width: number;
  readonly inputs: number;
  readonly firstLayer: readonly number[];
  readonly secondLayer: readonly number[];
  readonly basis: readonly (readonly number[])[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly output: readonly number[];
  readonly active: readonly number[];
  readonly gradientNorm: readonly number[];
  readonly orthogonalNorm: readonly number[];
  readonly orthogonalGradient: readonly number[];
  readonly flipDistance: readonly number[];
  readonly universal: Readonly<Record<string, readonly number[]>>;
  readonly training: {
    readonly rate: number;
    readonly weightDecay: number;
    readonly steps: number;
    readonly margin: number;
    readonly firstLayer: readonly number[];
  };
  readonly principal: {
    readonly count: number;
    readonly size: number;
    readonly components: number;
    readonly data: readonly number[];
    readonly projection: readonly number[];
  };
}

export async function readFixture(): Promise<Fixture> {
  return JSON.parse(await readFile(new URL('../fixtures/two-layer.json', import.meta.url), 'utf8')) as Fixture;
}

/** The fixture's network, points, labels and subspace. `dispose` frees all. */
export interface FixtureProblem {
  readonly model: Classifier;
  readonly x: tf.Tensor2D;
  readonly y: tf.Tensor1D;
  readonly subspace: BasisSubspace;
  dispose(): void;
}

export function fixtureProblem(fixture: Fixture): FixtureProblem {
  const { width, inputs, firstLayer, secondLayer, basis, x, y } = fixture;
  const model = twoLayer({ inputShape: [inputs], width, bias: false, secondLayer: 'fixed', bounds: [-50, 50] })(0);
  tf.tidy(() => {
    model.weights['fc1.weight']!.assign(tf.tensor2d([...firstLayer], [inputs, width]));
    model.buffers!['fc2.weight']!.assign(tf.tensor2d([...secondLayer], [width, 1]));
  });
  const points = tf.tensor2d([...x], [y.length, inputs]);
  const labels = tf.tensor1d([...y], 'int32');
  return {
    model,
    x: points,
    y: labels,
    subspace: spanOf(basis),
    dispose() {
      model.dispose!();
      tf.dispose([points, labels]);
    },
  };
}
