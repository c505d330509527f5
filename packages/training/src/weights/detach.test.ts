import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { detach } from './detach.js';

expectNoLeaks();

describe('detach', () => {
  it('has the values, but no gradient', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const f = (v: Tensor) => tf.sum(tf.mul(v, detach(tf.square(v))));
    const gradient = tf.grad(f)(x);
    // d/dx of x * c is c = x^2; without detach it were 3 x^2.
    expect([...(await gradient.data())]).toEqual([1, 4, 9]);
    tf.dispose([x, gradient]);
  });

  it('outlives its source', async () => {
    const source = tf.tensor1d([1, 2]);
    const copy = detach(source);
    source.dispose();
    expect([...(await copy.data())]).toEqual([1, 2]);
    copy.dispose();
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([5])));
    const before = detach(variable as Tensor as Tensor1D);
    tf.tidy(() => variable.assign(tf.tensor1d([6])));
    expect([...(await before.data())]).toEqual([5]);
    tf.dispose([before, variable]);
  });
});
