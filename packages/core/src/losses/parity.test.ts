import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { describe, expect, it } from 'vitest';
import { attackLosses } from './attack-losses.js';
import { klDivergence } from './kl-divergence.js';

interface Case {
  logits: number[][];
  clean: number[][];
  y: number[];
  target: number[];
  losses: Record<string, { value: number[]; gradient: number[][] }>;
  klCleanGradient: number[][];
}

// PyTorch in float64, made by tooling/oracle/losses/make.py.
const fixtures = new URL('../../../../tooling/oracle/losses/fixtures/losses.json', import.meta.url);
const cases = JSON.parse(readFileSync(fixtures, 'utf8')) as Case[];

/** Losses whose gradient is a difference of larger terms in any float32 form. */
const cancelling = ['dlr'];

/**
 * Each row to 1e-5 of its own largest entry; where the terms cancel, to 1e-6 of the largest entry
 * of all rows.
 */
async function expectRows(name: string, got: tf.Tensor, expected: number[][]) {
  const rows = (await got.array()) as number[][];
  const slack = cancelling.includes(name) ? 1e-6 * Math.max(...expected.flat().map(Math.abs)) : 0;
  expected.forEach((row, i) => {
    const tolerance = 1e-5 * Math.max(...row.map(Math.abs)) + slack;
    row.forEach((value, k) => expect(Math.abs(rows[i]![k]! - value)).toBeLessThanOrEqual(tolerance));
  });
}

describe.each(cases.map((fixture, i) => ({ i, fixture })))('PyTorch case $i', ({ fixture }) => {
  const logits = tf.tensor2d(fixture.logits);
  const rows = { y: tf.tensor1d(fixture.y, 'int32'), clean: tf.tensor2d(fixture.clean) };
  const target = tf.tensor1d(fixture.target, 'int32');

  it.each(Object.keys(fixture.losses))('%s: value and gradient', async (label) => {
    const [name, targeted] = label.split(' ');
    const expected = fixture.losses[label]!;
    const value = (z: tf.Tensor) => attackLosses[name!]!.value(z, targeted ? { ...rows, target } : rows);
    const got = await value(logits).data();
    const range = Math.max(...fixture.logits.flat().map(Math.abs), 1);
    expected.value.forEach((wanted, i) => expect(Math.abs(got[i]! - wanted)).toBeLessThanOrEqual(1e-5 * range));
    await expectRows(name!, tf.grad((z) => tf.sum(value(z)))(logits), expected.gradient);
  });

  it('kl: gradient of the clean side', async () => {
    await expectRows('kl', tf.grad((p) => tf.sum(klDivergence(p, logits)))(rows.clean), fixture.klCleanGradient);
  });
});
