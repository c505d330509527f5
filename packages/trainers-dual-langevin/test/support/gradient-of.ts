import type { Classifier, Extras, Objective } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect } from 'vitest';
import { fixtureModel } from '../../../training/test/support/fixture.js';

/** The gradient of an objective on given examples, as one list. */
export function gradientOf(objective: Objective, model: Classifier, values: Extras): number[] {
  return tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () => objective.loss(values, model, { mode: 'train' }).total as tf.Scalar,
      Object.values(model.weights),
    );
    return Object.values(model.weights).flatMap((weight) => [...grads[weight.name]!.dataSync()]);
  });
}

/** The fixture's network with six examples and points near them, made anew for every test. */
export function freshPairs(): { model: Classifier; values: { x: Tensor; adversarial: Tensor; y: Tensor } } {
  const site = {} as ReturnType<typeof freshPairs>;
  beforeEach(() => {
    const x = tf.randomUniform([6, 4], 0, 1, 'float32', 3);
    const adversarial = tf.tidy(() =>
      tf.clipByValue(tf.add(x, tf.randomUniform([6, 4], -0.2, 0.2, 'float32', 4)), 0, 1),
    );
    site.model = fixtureModel();
    site.values = { x, adversarial, y: tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32') };
  });
  afterEach(() => {
    tf.dispose(site.values);
    site.model.dispose!();
  });
  return site;
}

export function expectClose(found: number[], wanted: number[], scale: number): void {
  expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(0.01);
  wanted.forEach((value, i) => expect(Math.abs(found[i]! - value * scale)).toBeLessThan(1e-6));
}
