import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { checkSizes, graphEnd } from './graph-nodes.js';

const size = tf.tensor1d([2 ** 16, 2 ** 16], 'int32');
const small = tf.tensor1d([1, 28, 28, 1], 'int32');
afterAll(() => tf.dispose([size, small]));

const check = (...node: { name: string; op: string; input?: string[] }[]): Promise<void> => {
  const { nodes } = graphEnd('model.json', { node });
  return checkSizes('model.json', nodes, { size: [size], small: [small] });
};

it.each([
  ['Fill', ['size', 'x']],
  ['BroadcastTo', ['x', 'size']],
  ['Tile', ['x', 'size']],
  ['ResizeBilinear', ['x', 'size']],
])('a graph that makes what no memory holds is refused: %s', async (op, input) => {
  await expect(check({ name: 'made', op, input })).rejects.toThrow(/node 'made'.*ADVROB_MODEL_FILE/);
  const allowed = input.map((name) => (name === 'size' ? 'small' : name));
  await expect(check({ name: 'made', op, input: allowed })).resolves.toBeUndefined();
});

it('a tensor that is joined to itself over and over is refused', async () => {
  const doubled = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `${i + 1}`, op: 'ConcatV2', input: [`${i}`, `${i}`, 'axis'] }));
  await expect(check(...doubled(40))).rejects.toThrow(/repeated .* times.*ADVROB_MODEL_FILE/);
  await expect(check(...doubled(3))).resolves.toBeUndefined();
});
