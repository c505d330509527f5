import type { Classifier, Random, Work, WorkTransform } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectNoLeaks } from '../../../training/test/support/cpu.js';
import { tanhModel, type Values } from './tanh-model.js';

/** The examples and the network of tooling/oracle/training/rat.py. */
export const { shapes, initial, x, y } = JSON.parse(
  readFileSync(new URL('../../../../tooling/oracle/training/fixtures/rat.json', import.meta.url), 'utf8'),
) as { shapes: Record<string, number[]>; initial: Values; x: number[][]; y: number[] };

/** The network and its batch, made anew for every test of a file that calls {@link freshProblem}. */
export let model: Classifier;
export let images: Tensor2D;
let labels: tf.Tensor1D;

export function freshProblem(): void {
  expectNoLeaks();
  beforeEach(() => {
    model = tanhModel(initial, shapes);
    images = tf.tensor2d(x);
    labels = tf.tensor1d(y, 'int32');
  });
  afterEach(() => {
    model.dispose!();
    tf.dispose([images, labels]);
  });
}

/** Cross-entropy of logits of the batch. */
export const lossOf = (logits: Tensor): Tensor => meanCrossEntropy(logits, labels);

/** The loss at the present weights. */
export const lossHere = (): tf.Scalar => tf.tidy(() => lossOf(model.logits(images)) as tf.Scalar);

/** Loss and gradient through a transform, as numbers; `withGrads: false` leaves the gradients out. */
export async function through(transform: WorkTransform, rng: Random, { withGrads = true, times = 1 } = {}) {
  const held = new Set<Tensor>();
  const refuse = () => Promise.reject(new Error('not needed'));
  const base: Work = {
    model,
    rng,
    rate: 0,
    step: 0,
    epoch: 0,
    draw: refuse,
    update: (body) => void tf.tidy(body),
    hold(tensor) {
      held.add(tensor);
      return tensor;
    },
    async gradient() {
      if (!withGrads) return { grads: {}, terms: { total: lossHere() } };
      const { value, grads } = tf.variableGrads(lossHere, Object.values(model.weights));
      const named = Object.entries(model.weights).map(([name, weight]) => [name, grads[weight.name]!] as const);
      return { grads: Object.fromEntries(named), terms: { total: value } };
    },
  };
  const work = transform(base);
  const totals: number[] = [];
  let grads: Record<string, number[]> = {};
  for (let i = 0; i < times; i++) {
    const found = await work.gradient({ values: {} });
    totals.push((await found.terms['total']!.data())[0]!);
    const entries = Object.entries(found.grads);
    grads = Object.fromEntries(
      await Promise.all(entries.map(async ([name, g]) => [name, Array.from(await g.data())] as const)),
    );
    tf.dispose([found.grads, found.terms]);
  }
  for (const tensor of held) expect(tensor.isDisposed).toBe(true);
  return { totals, grads };
}

/** The same draws whatever the purpose, told apart by shape alone. */
export const fixed: Random = {
  uniform: () => {
    throw new Error('not needed');
  },
  normal: (_, shape) => createRandom({ seed: 8 }).normal(`fixed ${shape.join()}`, shape),
};

/** Of `passes` gradients that the transform takes, the first alone may move the buffers. */
export function testBuffers(name: string, transform: WorkTransform, passes: number): void {
  it(`${name} lets one pass alone move the buffers, and none when it is probed itself`, async () => {
    for (const probe of [false, true]) {
      const probed: boolean[] = [];
      const noting: WorkTransform = (work) => ({
        ...work,
        gradient(prepared, how) {
          probed.push(how?.probe ?? false);
          return work.gradient(prepared, how);
        },
      });
      const caller: WorkTransform = (work) => ({ ...work, gradient: (prepared) => work.gradient(prepared, { probe }) });
      await through((work) => caller(transform(noting(work))), fixed);
      expect(probed).toEqual([probe, ...Array<boolean>(passes - 1).fill(true)]);
    }
  });
}
