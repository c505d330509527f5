import type { Classifier, Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

export type Values = Record<string, number[]>;

/** What a script in tooling/oracle/training wrote. */
export function readFixture<T>(name: string): T {
  const path = new URL(`../../../../tooling/oracle/training/fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** Twenty steps of PyTorch's optimizers; see tooling/oracle/training/make.py. */
export const fixture = readFixture<{
  shapes: Record<string, number[]>;
  rate: number;
  batch: number;
  x: number[];
  y: number[];
  initial: Values;
  runs: { optimizer: 'sgd' | 'adam' | 'adamw'; options: object; losses: number[]; weights: Values[] }[];
}>('optimizers');

/** The network of the fixture: one tanh layer. */
export function fixtureModel(): Classifier {
  const weights = Object.fromEntries(
    Object.entries(fixture.initial).map(([name, values]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, fixture.shapes[name]))),
    ]),
  );
  const { w1, b1, w2, b2 } = weights as Record<string, Tensor>;
  return {
    inputShape: [4],
    numClasses: 3,
    bounds: [0, 1],
    weights,
    logits: (x) =>
      tf.tidy(() => {
        const hidden = tf.tanh(tf.add(tf.matMul(x as Tensor2D, w1 as Tensor2D), b1!));
        return tf.add(tf.matMul(hidden as Tensor2D, w2 as Tensor2D), b2!);
      }),
    dispose: () => tf.dispose(weights),
  };
}

/** The batches of the fixture, in its order whatever the seed. */
export function fixtureData(): Dataset {
  const length = fixture.y.length;
  const refuse = (): never => {
    throw new Error('not needed');
  };
  return {
    name: 'fixture',
    length,
    inputShape: [4],
    numClasses: 3,
    bounds: [0, 1],
    hash: 'fixture',
    async *batches({ size, from = 0 }) {
      for (let start = from; start < length; start += size)
        yield {
          x: tf.tensor2d(fixture.x.slice(4 * start, 4 * (start + size)), [size, 4]),
          y: tf.tensor1d(fixture.y.slice(start, start + size), 'int32'),
          ids: Int32Array.from({ length: size }, (_, i) => start + i),
          extras: {},
        };
    },
    subset: refuse,
    take: refuse,
    withExtras: refuse,
  };
}

/** Fails unless every weight is within `tolerance` of the fixture. */
export async function expectWeights(found: Readonly<Record<string, Tensor>>, values: Values, tolerance: number) {
  for (const [name, expected] of Object.entries(values)) {
    const actual = await found[name]!.data();
    expected.forEach((value, i) => expect(Math.abs(actual[i]! - value), `${name}[${i}]`).toBeLessThan(tolerance));
  }
}
