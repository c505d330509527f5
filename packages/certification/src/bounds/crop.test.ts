import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { fromFunction } from '@advrob/models';
import { layerGraph } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { random } from '../../test/nets.js';
import { boundsInside, lowerExactly } from './crown.js';
import { ballsAround } from './input-set.js';
import { marginRows, rowsTensor } from './solve.js';

const tensor = (seed: number, shape: number[], scale: number): tf.Tensor => {
  const draw = random(seed);
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => draw() * scale),
    shape,
  );
};

it.each([
  ['max', 3, 2, 'same'],
  ['avg', 3, 2, 'same'],
] as const)(
  'parts of an image have the bounds of the whole: %s pooling %i, %i, %s',
  async (kind, size, stride, pad) => {
    const [f1, f2, f3, f4] = [
      tensor(1, [3, 3, 1, 2], 0.6),
      tensor(2, [3, 3, 2, 2], 0.6),
      tensor(3, [3, 3, 2, 2], 0.6),
      tensor(4, [2, 3, 2, 2], 0.6),
    ] as tf.Tensor4D[];
    const [b1, scale] = [tensor(5, [2], 0.3), tensor(6, [2], 1)];
    const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
    const model = await fromFunction(
      (x) => {
        let z: tf.Tensor4D = tf.relu(tf.add(tf.conv2d(tf.sub(x, 0.4) as tf.Tensor4D, f1!, 1, 'same'), b1));
        z = tf.add(z, tf.conv2d(tf.relu(tf.mul(tf.conv2d(z, f2!, 1, 'same'), scale)), f3!, 1, 'same'));
        z = tf.conv2d(pool(tf.relu(z), size, stride, pad), f2!, 1, 'same');
        z = tf.conv2d(tf.tanh(tf.add(z, b1)), f4!, 1, 'valid');
        return tf.slice(tf.reshape(tf.relu(z), [x.shape[0]!, -1]), [0, 0], [x.shape[0]!, 3]);
      },
      { inputShape: [9, 8, 1], bounds: [0, 1], outputs: 'logits' },
    );
    const graph = await layerGraph(model);
    const draw = random(7);
    const one = Float32Array.from({ length: 9 * 8 }, () => (draw() + 1) / 2);
    const found = [];
    const before = tf.memory().numTensors;
    // A batch of two is followed as whole images.
    for (const count of [1, 2]) {
      const x = new Float32Array(count * one.length);
      for (let n = 0; n < count; n++) x.set(one, n * one.length);
      const set = ballsAround(x, graph.inputShape, { norm: 'linf', epsilon: 0.03, bounds: [0, 1] });
      const context = await boundsInside(graph, set, {
        method: 'crown',
        isOutward: true,
        slopes: 'adaptive',
        isCut: true,
        memory: 2 ** 24,
        tile: 2,
      });
      const rows = rowsTensor(context, marginRows(count === 1 ? [0] : [0, 0], 3));
      const node = graph.nodes.length - 1;
      const bounds = await lowerExactly(context, { node, rows, until: 'input', slopes: 'adaptive' });
      rows.dispose();
      const ends = [...context.ends.values()].flatMap(({ low, high }) => [
        low.slice(0, low.length / count),
        high.slice(0, low.length / count),
      ]);
      found.push({ bounds: [...bounds.subarray(0, 2)], ends });
      context.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
    graph.dispose();
    const [parts, whole] = found as [(typeof found)[0], (typeof found)[0]];
    let moved = 0;
    parts.ends.forEach((values, i) =>
      values.forEach((value, k) => {
        const other = whole.ends[i]![k]!;
        if (Math.abs(value - other) > 2e-4 * (1 + Math.abs(other))) moved++;
      }),
    );
    expect(moved).toBe(0);
    parts.bounds.forEach((value, i) => expect(Math.abs(value - whole.bounds[i]!)).toBeLessThan(1e-3));
  },
);
