import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { denseGraph, goldenNets, type DenseLayer } from '../../test/nets.js';
import type { Slopes } from './activations.js';
import { boundsInside, lowerExactly, type Method } from './crown.js';
import { ballsAround } from './input-set.js';

interface Asked {
  readonly method?: Method;
  readonly slopes?: Slopes;
  readonly norm?: 'linf' | 'l2';
  readonly epsilon?: number;
  readonly isCut?: boolean;
  readonly isOutward?: boolean;
  readonly layers?: readonly DenseLayer[];
}

/** The lower bound of z_0 - z_1 of a golden net, and the ends inside. */
async function golden(net: number, asked: Asked) {
  const { method = 'crown', slopes = 'adaptive', norm = 'linf', epsilon = 0.25 } = asked;
  const { isCut = false, isOutward = false } = asked;
  const { x, layers } = goldenNets[net]!;
  const graph = await denseGraph(asked.layers ?? layers);
  const set = ballsAround(Float32Array.from(x), [x.length], { norm, epsilon, bounds: [-10, 10] });
  const before = tf.memory().numTensors;
  const context = await boundsInside(graph, set, { method, isOutward, slopes, isCut, memory: 2 ** 20 });
  const rows = tf.tensor3d([[[1, -1]]]);
  const until = method === 'ibp' ? 'activations' : 'input';
  const [bound] = await lowerExactly(context, { node: graph.nodes.length - 1, rows, until, slopes });
  rows.dispose();
  context.dispose();
  expect(tf.memory().numTensors).toBe(before);
  graph.dispose();
  return { bound: bound!, ends: [...context.ends.values()].map(({ low, high }) => [[...low], [...high]]) };
}

describe('nets with known bounds', () => {
  const cases: readonly [number, Asked, number][] = [
    [0, { method: 'ibp' }, -1.066],
    [0, {}, 0.131233],
    [0, { slopes: 'zero' }, 0.844471],
    [0, { method: 'crown-ibp' }, 0.279817],
    [0, { norm: 'l2' }, 0.680979],
    [1, { method: 'ibp' }, 0],
    [1, {}, -0.14],
    [1, { slopes: 'zero' }, 0],
    [1, { method: 'crown-ibp' }, -0.14],
    [2, { method: 'ibp', epsilon: 0.3 }, -7.35],
    [2, { epsilon: 0.3 }, -5.9333333],
    [2, { epsilon: 0.3, slopes: 'zero' }, -6.1833333],
    [2, { epsilon: 0.3, slopes: 'one' }, -5.9333333],
    [2, { epsilon: 0.3, slopes: 'same' }, -6.0375],
    [2, { epsilon: 0.3, method: 'crown-ibp' }, -6.0661458],
    [2, { epsilon: 0.3, norm: 'l2' }, -5.46584433],
  ];
  it.each(cases)('net %i, %o: %f', async (net, asked, wanted) => {
    const { bound } = await golden(net, asked);
    expect(Math.abs(bound - wanted)).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted)));
    const outward = await golden(net, { ...asked, isOutward: true });
    expect(outward.bound).toBeLessThan(bound);
    expect(outward.bound).toBeGreaterThan(bound - 1e-4);
  });

  it('has a tie of slopes, which a little more bias decides', async () => {
    const [first, ...others] = goldenNets[1]!.layers;
    const layers = [{ ...first!, b: [-0.2, 0.1 + 1e-5, -0.4] }, ...others];
    const { bound } = await golden(1, { norm: 'l2', layers });
    expect(Math.abs(bound - -0.168308)).toBeLessThan(1e-4);
  });

  it('have these bounds inside', async () => {
    const { ends } = await golden(0, {});
    const wanted = [
      [
        [-0.325, 0.2, -0.45],
        [-0.175, 1.6, 0.65],
      ],
      [
        [-0.125, -0.545, 0.935],
        [1.06818182, 1.465, 3.89363636],
      ],
    ];
    ends.forEach((pair, layer) =>
      pair.forEach((values, end) =>
        values.forEach((value, i) => expect(Math.abs(value - wanted[layer]![end]![i]!)).toBeLessThan(1e-6)),
      ),
    );
  });
});
