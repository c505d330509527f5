import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graphFiles } from '../../test/graph-files.js';
import { loadGraphModelFiles } from '../tfjs-format/graph-model-files.js';
import { fromLayersModel, loadLayersModelFiles, loadModel, mlp, saveLayersModelFiles, saveWeights } from '../index.js';
import { disposeLayersModel } from './layers-variables.js';

let before = 0;
beforeEach(async () => {
  await tf.setBackend('cpu');
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const rescaled = (scale: number, offset: number) =>
  tfl.sequential({
    layers: [
      tfl.layers.rescaling({ inputShape: [2, 2, 1], scale, offset }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.heNormal({ seed: 4 }) }),
    ],
  });

describe('a model that divides bytes itself', () => {
  it.each([
    [1 / 255, 0, [0, 1], 255],
    [1 / 127.5, -1, [0, 1], 255],
    [1 / 255, 0, [0, 255], 1],
    [2, -1, [0, 1], 1],
  ] as const)('Rescaling(%d, %d) within %j gets its inputs times %d', async (scale, offset, bounds, factor) => {
    const layers = rescaled(scale, offset);
    const model = await fromLayersModel(layers, { bounds });
    const x = tf.randomUniform([3, 2, 2, 1], bounds[0], bounds[1], 'float32', 1);
    const inputs = tf.mul(x, factor);
    const [found, expected] = [model.logits(x), layers.predict(inputs) as tf.Tensor];
    const values = await expected.data();
    (await found.data()).forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
    tf.dispose([x, inputs, found, expected]);
    model.dispose!();
    disposeLayersModel(layers);
  });

  it('as the first step of a graph too, unless the caller says what it expects', async () => {
    const files = graphFiles((json) => {
      const { node } = json['modelTopology'] as { node: Record<string, unknown>[] };
      const float = { T: { type: 'DT_FLOAT' } };
      node.push({ name: 'scale', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } });
      node.push({ name: 'scaled', op: 'Mul', input: ['x', 'scale'], attr: float });
      node.find(({ name }) => name === 'conv')!['input'] = ['scaled', 'filter'];
      (json['weightsManifest'] as [{ weights: object[] }])[0].weights.push({
        name: 'scale',
        shape: [],
        dtype: 'float32',
      });
    });
    const shard = files.get('group1-shard1of1.bin')!;
    files.set(
      'group1-shard1of1.bin',
      new Uint8Array(Buffer.concat([shard, Buffer.from(Float32Array.of(1 / 255).buffer)])),
    );
    const load = (which: typeof files, more: object = {}) =>
      loadGraphModelFiles(which.get('model.json')!, (path) => which.get(path)!, { bounds: [0, 1], ...more });
    const [plain, scaled, told] = [
      await load(graphFiles()),
      await load(files),
      await load(files, { mean: 0, std: 1 / 255 }),
    ];
    const x = tf.randomUniform([2, 6, 6, 1], 0, 1, 'float32', 2);
    const outputs = [plain, scaled, told].map((model) => model.logits(x));
    const [expected, ...found] = await Promise.all(outputs.map((output) => output.data()));
    for (const values of found) values.forEach((value, i) => expect(value).toBeCloseTo(expected![i]!, 4));
    tf.dispose([x, outputs]);
    for (const model of [plain, scaled, told]) model.dispose!();
  });
});

it("refuses Keras' Normalization layer with the numbers to pass", async () => {
  const layers = rescaled(1, 0);
  const files = new Map(await saveLayersModelFiles(layers));
  disposeLayersModel(layers);
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as {
    modelTopology: { config: { layers: { class_name: string; config: object }[] } };
    weightsManifest: { paths: string[]; weights: object[] }[];
  };
  const [first] = json.modelTopology.config.layers;
  first!.class_name = 'Normalization';
  first!.config = { ...first!.config, name: 'norm' };
  json.weightsManifest.push({
    paths: ['more.bin'],
    weights: ['mean', 'variance'].map((kind) => ({ name: `norm/${kind}`, shape: [1], dtype: 'float32' })),
  });
  files.set('more.bin', new Uint8Array(Float32Array.of(0.5, 0.0625).buffer));
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  await expect(loadLayersModelFiles(bytes, (path) => files.get(path)!)).rejects.toMatchObject({
    code: 'ADVROB_MODEL_FILE',
    message: expect.stringContaining('--mean 0.5 --std 0.25') as string,
  });
});

it('lays a normalisation over that of the file', async () => {
  const model = mlp({ inputShape: [3], hidden: [4], numClasses: 2, mean: 0.1, std: 2 })(0);
  const bytes = await saveWeights(model);
  const other = loadModel(bytes, { normalization: { mean: 0, std: 1 / 255 } });
  const x = tf.tensor2d([[0.1, 0.5, 0.9]]);
  // (255 x' - 0) with x' such that both see the same numbers.
  const same = tf.tidy(() => tf.div(tf.div(tf.sub(x, 0.1), 2), 255));
  const [found, expected] = [other.logits(same), model.logits(x)];
  const values = await expected.data();
  (await found.data()).forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
  tf.dispose([x, same, found, expected]);
  model.dispose!();
  other.dispose!();
});
