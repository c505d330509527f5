import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { exactMinimum } from '../../test/exact-minimum.js';
import { denseGraph, denseNet, goldenNets, random, type DenseLayer } from '../../test/nets.js';
import { optimizedBounds } from './alpha.js';
import { bounds } from './bounds.js';
import { createContext, type Context, type Ends, type NonLinear } from './context.js';
import { boundsInside } from './crown.js';
import { ballsAround } from './input-set.js';
import { resolveThreat } from '@advrob/core/threat';

it('knows exact minima by cutting polygons', () => {
  const wanted = [1.5895, 0.184211, -5.35];
  goldenNets.forEach(({ x, layers }, i) => {
    const epsilon = i === 2 ? 0.3 : 0.25;
    const [low, high] = [x.map((each) => each - epsilon), x.map((each) => each + epsilon)];
    expect(Math.abs(exactMinimum(layers, [1, -1], low, high) - wanted[i]!)).toBeLessThan(1e-6);
  });
});

/** A net of 2 inputs and 4 + 4 neurons; `more` inputs are read with weights of 0. */
function net(seed: number, more: number): DenseLayer[] {
  const draw = random(seed);
  const layer = (outputs: number, inputs: number): DenseLayer => ({
    w: Array.from({ length: outputs }, () => Array.from({ length: inputs }, () => Math.fround(1.5 * draw()))),
    b: Array.from({ length: outputs }, () => Math.fround(0.5 * draw())),
  });
  const [first, ...others] = [layer(4, 2), layer(4, 4), layer(3, 4)] as [DenseLayer, DenseLayer, DenseLayer];
  return [{ ...first, w: first.w.map((row) => [...row, ...Array<number>(more).fill(0)]) }, ...others];
}

/** Smallest margin of a label over the box around two inputs, exactly. */
function leastMargin(layers: readonly DenseLayer[], x: ArrayLike<number>, label: number, epsilon: number): number {
  const plain = layers.map((layer, i) => (i === 0 ? { ...layer, w: layer.w.map((w) => w.slice(0, 2)) } : layer));
  const ends = [-1, 1].map((sign) => [x[0]!, x[1]!].map((value) => Math.min(1, Math.max(0, value + sign * epsilon))));
  const others = [0, 1, 2].filter((t) => t !== label);
  return Math.min(
    ...others.map((t) => {
      const row = [0, 1, 2].map((k) => (k === label ? 1 : k === t ? -1 : 0));
      return exactMinimum(plain, row, ends[0]!, ends[1]!);
    }),
  );
}

it.each([
  ['inputs', 0],
  ['neurons', 10],
])('decides as enumeration of all patterns does, by splits of %s', async (_what, more) => {
  let compared = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const layers = net(seed, more);
    const model = await denseNet(layers);
    const draw = random(seed + 100);
    const x = Float32Array.from({ length: 2 + more }, () => (draw() + 1) / 2);
    const input = tf.tensor2d(x, [1, x.length]);
    const z = [...(await model.logits(input).data())];
    const label = z.indexOf(Math.max(...z));
    let [low, high] = [0, 0.6];
    for (let i = 0; i < 20; i++) {
      const middle = (low + high) / 2;
      if (leastMargin(layers, x, label, middle) > 0) low = middle;
      else high = middle;
    }
    const y = tf.tensor1d([label], 'int32');
    // Just inside and just outside of the radius in which the label stands.
    for (const epsilon of [0.93 * low, 1.07 * low]) {
      const least = leastMargin(layers, x, label, epsilon);
      if (Math.abs(least) < 1e-3) continue;
      compared++;
      const threat = resolveThreat({ norm: 'linf', epsilon }, [0, 1]);
      const before = tf.memory().numTensors;
      const found = await bounds({ method: 'bab', seconds: 30 }).certify(model, input, y, threat);
      expect(found.verdicts[0], `seed ${seed}: minimum ${least}, bound ${found.margin![0]!}`).toBe(
        least > 0 ? 'certified' : 'falsified',
      );
      if (least > 0) expect(found.margin![0]!).toBeLessThanOrEqual(least);
      const point = [...(await found.counterexamples!.data())];
      point.forEach((value, i) => expect(Math.abs(value - x[i]!)).toBeLessThanOrEqual(epsilon));
      found.counterexamples!.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
    tf.dispose([input, y]);
  }
  expect(compared).toBeGreaterThan(8);
});

it('bounds the part of the set where neurons have these signs, and multipliers make it tighter', async () => {
  let [tighter, parts] = [0, 0];
  for (let seed = 1; seed <= 6; seed++) {
    const layers = net(seed, 0);
    const graph = await denseGraph(layers);
    const set = ballsAround(Float32Array.of(0.5, 0.5), [2], { norm: 'linf', epsilon: 0.4, bounds: [0, 1] });
    const root = await boundsInside(graph, set, {
      method: 'crown',
      isOutward: true,
      slopes: 'adaptive',
      isCut: true,
      memory: 2 ** 20,
    });
    const rows = tf.tensor3d([[[1, -1, 0]]]);
    const last = graph.nodes.filter(({ op }) => op === 'activation').at(-1)!.inputs[0]!;
    const ends = root.ends.get(last)!;
    const hidden = (x: number[]): number[] =>
      layers
        .slice(0, 2)
        .reduce<number[]>(
          (z, { w, b }, i) =>
            w.map((row, k) => row.reduce((sum, each, j) => sum + each * (i === 0 ? z[j]! : Math.max(0, z[j]!)), b[k]!)),
          x,
        );
    for (let neuron = 0; neuron < 4; neuron++) {
      if (!(ends.low[neuron]! < 0 && ends.high[neuron]! > 0)) continue;
      for (const sign of [1, -1] as const) {
        const tighten = (_so: Context, node: NonLinear, own: Ends): Promise<Ends> => {
          const known = root.ends.get(node.inputs[0]!)!;
          const [low, high] = [known.low.slice(), known.high.slice()];
          if (node.inputs[0] === last) (sign === 1 ? low : high)[neuron] = 0;
          return Promise.resolve({ low: low.map((each, i) => Math.max(each, own.low[i]!)), high });
        };
        const context = await createContext(graph, set, { isOutward: true, hasLines: true, tighten });
        const signs = new Map([
          [
            last,
            tf.tensor2d(
              [0, 1, 2, 3].map((i) => (i === neuron ? sign : 0)),
              [1, 4],
            ),
          ],
        ]);
        const options = { rates: { alpha: 0.1, beta: 0.2 }, enough: Infinity };
        const [start] = await optimizedBounds(context, rows, { ...options, steps: 0 }, signs);
        const [bound] = await optimizedBounds(context, rows, { ...options, steps: 40 }, signs);
        let least = Infinity;
        for (let i = 0; i <= 80; i++)
          for (let j = 0; j <= 80; j++) {
            const z = hidden([0.1 + 0.01 * i, 0.1 + 0.01 * j]);
            const { w, b } = layers[2]!;
            const margin = [0, 1].map((k) => w[k]!.reduce((sum, each, m) => sum + each * Math.max(0, z[m]!), b[k]!));
            if (sign * z[neuron]! >= 0) least = Math.min(least, margin[0]! - margin[1]!);
          }
        parts++;
        expect(bound!, `seed ${seed}, neuron ${neuron}, sign ${sign}`).toBeLessThanOrEqual(least);
        expect(bound!).toBeGreaterThanOrEqual(start! - 1e-6);
        if (bound! > start! + 0.01) tighter++;
        tf.dispose([...signs.values()]);
        context.dispose();
      }
    }
    rows.dispose();
    root.dispose();
    graph.dispose();
  }
  expect(parts).toBeGreaterThan(10);
  expect(tighter).toBeGreaterThan(3);
});

it('ends as open when its time or its branches end', async () => {
  const layers = net(3, 10);
  const model = await denseNet(layers);
  const x = tf.fill([1, 12], 0.5);
  const y = tf.argMax(model.logits(x), 1);
  const threat = resolveThreat({ norm: 'linf', epsilon: 0.02 }, [0, 1]);
  const [quick, few] = await Promise.all(
    [{ seconds: 1e-6 }, { nodes: 1 }].map((limit) =>
      bounds({ method: 'bab', steps: 0, ...limit }).certify(model, x, y as tf.Tensor, threat),
    ),
  );
  for (const { verdicts, margin } of [quick!, few!])
    expect(verdicts[0] === 'certified' || (verdicts[0] === 'open' && !(margin![0]! > 0))).toBe(true);
  tf.dispose([x, y, quick!.counterexamples!, few!.counterexamples!]);
});
