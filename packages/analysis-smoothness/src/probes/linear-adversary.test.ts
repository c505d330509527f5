import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  jumpLinf,
  linearDescent,
  linearLoss,
  linearPerturbation,
  lipschitzL2,
  type LinearAdversary,
} from './linear-adversary.js';
import { linear, type LinearReport } from '../analyses/linear.js';
import { readFixture } from '../../test/support/tanh-network.js';

beforeAll(() => tf.setBackend('cpu'));

const vector = (length: number) =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length });
const problem = fc.record({
  theta: vector(4),
  other: vector(4),
  x: vector(4),
  y: fc.constantFrom(-1, 1),
  epsilon: fc.double({ min: 0.05, max: 1, noNaN: true }),
});
const norm = (values: Iterable<number>) => Math.hypot(...values);
const minus = (a: Float64Array, b: Float64Array) => a.map((value, k) => value - b[k]!);
const sigmoid = (m: number) => 1 / (1 + Math.exp(-m));

it('losses, gradients and Hessians agree with automatic differentiation in PyTorch', async () => {
  const { theta, x, y, cases } = (await readFixture()).linear;
  const data = { x: Float64Array.from(x), y };
  for (const { attack, epsilon, ...wanted } of cases) {
    const found = linearLoss(Float64Array.from(theta), data, { norm: attack, epsilon }, true);
    expect(found.loss).toBeCloseTo(wanted.loss, 12);
    wanted.gradient.forEach((value, k) => expect(found.gradient[k]).toBeCloseTo(value, 12));
    wanted.hessian.forEach((value, k) => expect(found.hessian![k]).toBeCloseTo(value, 12));
  }
});

it('the perturbation attains the loss, and no other in the ball exceeds it (T0)', () => {
  fc.assert(
    fc.property(problem, fc.constantFrom('l2', 'linf'), vector(4), ({ theta, x, y, epsilon }, kind, draw) => {
      const adversary: LinearAdversary = { norm: kind, epsilon };
      const weights = Float64Array.from(theta);
      const clean = (point: ArrayLike<number>) =>
        linearLoss(weights, { x: Float64Array.from(Array.from(point)), y: [y] }, { norm: 'none', epsilon: 0 }).loss;
      const worst = linearPerturbation(weights, y, adversary);
      const { loss, gradient } = linearLoss(weights, { x: Float64Array.from(x), y: [y] }, adversary);
      expect(clean(x.map((value, k) => value + worst[k]!))).toBeCloseTo(loss, 10);
      const length = kind === 'l2' ? norm(draw) : Math.max(...draw.map(Math.abs));
      const inside = draw.map((value) => (length > 0 ? (value / length) * epsilon : 0));
      expect(clean(x.map((value, k) => value + inside[k]!))).toBeLessThanOrEqual(loss + 1e-10);
      // Envelope: the gradient is that of the clean loss at the attacked point, held still.
      const held = linearLoss(
        weights,
        { x: Float64Array.from(x.map((value, k) => value + worst[k]!)), y: [y] },
        { norm: 'none', epsilon: 0 },
      );
      gradient.forEach((value, k) => expect(value).toBeCloseTo(held.gradient[k]!, 8));
    }),
  );
});

it('T3: under L2 the gradient is Lipschitz with the constant, on segments that stay away from 0', () => {
  fc.assert(
    fc.property(problem, ({ theta, other, x, y, epsilon }) => {
      // A segment between points on one side of a plane at distance 0.3 from the origin.
      const [from, to] = [Float64Array.from(theta), Float64Array.from(other)];
      [from[0], to[0]] = [0.3 + Math.abs(from[0]!), 0.3 + Math.abs(to[0]!)];
      const data = { x: Float64Array.from(x), y: [y] };
      const gradient = (at: Float64Array) => linearLoss(at, data, { norm: 'l2', epsilon }).gradient;
      const change = norm(minus(gradient(from), gradient(to)));
      expect(change).toBeLessThanOrEqual(lipschitzL2(norm(x), epsilon, 0.3) * norm(minus(from, to)) + 1e-12);
    }),
  );
});

it('T3: near 0 the constant is needed, eps / (2 ||theta||) is attained', () => {
  const data = { x: new Float64Array(2), y: [1] };
  for (const radius of [1e-1, 1e-2, 1e-3]) {
    const [from, to] = [Float64Array.of(radius, 0), Float64Array.of(radius, radius * 1e-3)];
    const gradient = (at: Float64Array) => linearLoss(at, data, { norm: 'l2', epsilon: 1 }).gradient;
    const ratio = norm(minus(gradient(to), gradient(from))) / norm(minus(to, from));
    expect(ratio / (0.5 / radius)).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThanOrEqual(lipschitzL2(0, 1, radius));
  }
});

it('T4: under Linf the gradient jumps by 2 eps s where a coordinate changes its sign, and the Hessian says nothing of it', () => {
  fc.assert(
    fc.property(problem, fc.integer({ min: 0, max: 3 }), ({ theta, x, y, epsilon }, k) => {
      const data = { x: Float64Array.from(x), y: [y] };
      const at = (value: number) => Float64Array.from(theta, (other, j) => (j === k ? value : other));
      const gradient = (value: number) => linearLoss(at(value), data, { norm: 'linf', epsilon }).gradient;
      const jump = minus(gradient(1e-9), gradient(-1e-9));
      const m =
        -y * at(0).reduce((sum, value, j) => sum + value * x[j]!, 0) +
        epsilon * at(0).reduce((sum, value) => sum + Math.abs(value), 0);
      jump.forEach((value, j) => expect(value).toBeCloseTo(j === k ? jumpLinf(epsilon, sigmoid(m)) : 0, 6));
    }),
  );
});

it('T4: with q sign changes the attack moves by 2 eps sqrt(q)', () => {
  const epsilon = 0.3;
  const [from, to] = [Float64Array.of(1e-6, -1e-6, 1, 2e-6), Float64Array.of(-1e-6, 1e-6, 1, -1e-6)];
  const moved = minus(
    linearPerturbation(to, 1, { norm: 'linf', epsilon }),
    linearPerturbation(from, 1, { norm: 'linf', epsilon }),
  );
  expect(norm(moved)).toBeCloseTo(2 * epsilon * Math.sqrt(3), 12);
});

it('E1: R(h) is level for the clean loss and L2, and grows as 1 / h for Linf', async () => {
  const memo = <T>(_: string, compute: () => Promise<T>): Promise<T> => compute();
  const { slopes } = (await linear().analyze({ models: {}, memo } as never)) as LinearReport;
  expect(Math.abs(slopes.none!)).toBeLessThan(0.1);
  expect(Math.abs(slopes.l2!)).toBeLessThan(0.1);
  expect(slopes.linf!).toBeLessThan(-0.8);
});

describe('linearDescent', () => {
  it('settles under L2 and goes on changing signs under Linf', () => {
    // One input tells the classes apart, the other is noise that Linf wants to weigh 0.
    const x = Float64Array.from([1, 0.1, -1, 0.1, 1, -0.1, -1, -0.1]);
    const data = { x, y: [1, -1, 1, -1], size: 2 };
    const run = (kind: 'l2' | 'linf') =>
      linearDescent(data, { norm: kind, epsilon: 0.3 }, { learningRate: 0.5, steps: 200 });
    const late = (values: readonly number[]) => values.slice(-50).reduce((sum, value) => sum + value, 0);
    expect(late(run('linf').signChanges)).toBeGreaterThan(25);
    expect(late(run('l2').signChanges)).toBe(0);
    expect(run('linf').losses).toHaveLength(200);
  });
});

it('refuses sizes that disagree and negative budgets', () => {
  const theta = Float64Array.of(1, 2);
  expect(() => linearLoss(theta, { x: new Float64Array(3), y: [1] }, { norm: 'none', epsilon: 0 })).toThrow(
    /ADVROB_SHAPE/,
  );
  expect(() => linearLoss(theta, { x: new Float64Array(2), y: [1] }, { norm: 'l2', epsilon: -1 })).toThrow(
    /ADVROB_OPTION/,
  );
});
