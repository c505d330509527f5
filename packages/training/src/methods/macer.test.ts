import { normalQuantile } from '@advrob/core/statistics';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { testObjective } from '../../test/support/contracts.js';
import { expectNoLeaks } from '../../test/support/cpu.js';
import { inputs, labels as fixtureLabels, losses, testLoss } from '../../test/support/torch.js';
import { macer } from './macer.js';

testLoss('macer', macer, () => ({
  x: inputs(losses.values.x),
  noise: inputs(losses.values.noise),
  y: fixtureLabels(),
}));
testObjective(macer, { options: { samples: 2 }, refuses: [{ sigma: 0 }, { samples: 0 }, { weight: -1 }] });
expectNoLeaks();

/** Three examples of two noise vectors and three classes: right, right past gamma, wrong; logits are the inputs. */
const logits = [
  [
    [0.9, 0.7, 0.1],
    [0.5, 0.58, 0.3],
  ],
  [
    [3, 0, 0],
    [4, 1, 0],
  ],
  [
    [0.2, 0.9, 0.1],
    [0.5, 0.6, 0.3],
  ],
];
const labels = [0, 0, 0];
const settings = { sigma: 0.5, samples: 2, weight: 3, beta: 4, gamma: 8 };

/** The formulas of the paper in float64. */
function byHand(values: readonly (readonly (readonly number[])[])[]): number {
  const { sigma, weight, beta, gamma } = settings;
  const softmax = (row: readonly number[], scale: number): number[] => {
    const powers = row.map((value) => Math.exp(scale * value));
    const sum = powers.reduce((all, value) => all + value, 0);
    return powers.map((value) => value / sum);
  };
  const meanOf = (copies: readonly (readonly number[])[], scale: number): number[] =>
    copies[0]!.map((_, k) => copies.reduce((sum, row) => sum + softmax(row, scale)[k]!, 0) / copies.length);
  const cut = (q: number): number => Math.min(1 - 1e-6, Math.max(1e-6, q));
  const losses = values.map((copies, i) => {
    const label = labels[i]!;
    const q = meanOf(copies, beta).map(cut);
    const other = Math.max(...q.filter((_, k) => k !== label));
    const xi = normalQuantile(q[label]!) - normalQuantile(other);
    const hinge = q[label]! > other && xi <= gamma ? gamma - xi : 0;
    return -Math.log(meanOf(copies, 1)[label]! + 1e-10) + ((weight * sigma) / 2) * hinge;
  });
  return losses.reduce((sum, value) => sum + value, 0) / losses.length;
}

/** A model whose logits are its inputs: the noise is all there is. */
const identity = {
  inputShape: [3],
  numClasses: 3,
  bounds: [0, 1] as const,
  weights: {},
  logits: (x: tf.Tensor) => tf.clone(x),
};

describe('macer', () => {
  const lossOf = (noise: tf.Tensor): tf.Tensor => {
    const y = tf.tensor1d(labels, 'int32');
    return macer(settings).loss({ x: tf.zeros([3, 3]), noise, y }, identity, {} as never).total;
  };
  const flat = logits.flat(2);

  it('is the loss of the paper, computed by hand', () => {
    const [found] = tf.tidy(() => lossOf(tf.tensor2d(logits.flat())).dataSync());
    expect(found!).toBeCloseTo(byHand(logits), 5);
  });

  it('has its gradient, by central differences of the hand computation', () => {
    const gradient = tf.tidy(() =>
      tf
        .grad((noise) => lossOf(noise))(tf.tensor2d(logits.flat()))
        .dataSync(),
    );
    const at = (place: number, change: number): number => {
      const moved = flat.map((value, i) => (i === place ? value + change : value));
      return byHand([0, 1, 2].map((i) => [0, 1].map((j) => moved.slice(6 * i + 3 * j, 6 * i + 3 * j + 3))));
    };
    flat.forEach((_, place) => {
      const slope = (at(place, 1e-5) - at(place, -1e-5)) / 2e-5;
      expect(Math.abs(gradient[place]! - slope)).toBeLessThan(2e-4 * Math.max(1, Math.abs(slope)));
    });
  });

  it('stays finite where every vote is for one class', () => {
    const sure = tf.tidy(() => {
      const noise = tf.tensor2d([1, 1, -1, -1, 1, 1].map((side) => [60 * side, 0, -60 * side]));
      const { value, grad } = tf.valueAndGrad((each: tf.Tensor) => lossOf(each) as tf.Scalar)(noise);
      return [...value.dataSync(), ...grad.dataSync()];
    });
    for (const value of sure) expect(Number.isFinite(value)).toBe(true);
  });
});
