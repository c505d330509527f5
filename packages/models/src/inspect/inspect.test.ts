import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { graphFiles } from '../../test/graph-files.js';
import { saveLayersModelFolder } from '../node/model-folder.js';
import { inspectModelFile } from './inspect.js';

const fixtures = new URL('../../test/fixtures/', import.meta.url).pathname;

let folder = '';
let before = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-inspect-'));
  before = tf.memory().numTensors;
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(before);
});

it('an ONNX file: ports, layout, the softmax that is cut off, weights and work', async () => {
  const found = await inspectModelFile(`${fixtures}onnx/lenet-free.onnx`);
  expect(found).toMatchObject({
    format: 'onnx',
    producer: 'pytorch 1.13.0, opset 11',
    inputs: [{ name: 'images', type: 'float32', shape: [null, 1, 12, 12] }],
    layout: 'NCHW',
    outputs: [{ name: 'scores', type: 'float32', shape: [null, 5] }],
    taken: { cut: 'softmax' },
    classifier: { inputShape: [12, 12, 1], numClasses: 5, isAssumed: false },
    attacks: 'white-box',
    obstacles: [],
  });
  // Filters, biases and dense layers of the script that exported it.
  expect(found.parameters).toBe(4 * 9 + 4 + 6 * 4 * 9 + 6 + 24 * 12 + 12 + 12 * 5 + 5);
  expect(found.multiplyAdds).toBe(144 * 4 * 9 + 16 * 6 * 4 * 9 + 24 * 12 + 12 * 5);
  expect(found.operators.slice(0, 2)).toEqual([
    { name: 'Relu', count: 3 },
    { name: 'Conv', count: 2 },
  ]);
});

it('a quantised file, and one with an operator that nobody knows', async () => {
  const quantised = await inspectModelFile(`${fixtures}onnx/lenet-qdq.onnx`);
  expect(quantised).toMatchObject({ attacks: 'straight-through', taken: { cut: 'softmax' }, obstacles: [] });
  const bytes = (await readFile(`${fixtures}onnx/lenet-free.onnx`)).toString('latin1').replaceAll('Softmax', 'Zoftmax');
  await writeFile(join(folder, 'z.onnx'), bytes, 'latin1');
  const unknown = await inspectModelFile(join(folder, 'z.onnx'));
  expect(unknown).toMatchObject({ attacks: 'none', classifier: null, multiplyAdds: null });
  expect(unknown.obstacles).toHaveLength(1);
  expect(unknown.obstacles[0]).toMatchObject({ what: 'Zoftmax cannot be differentiated here' });
  expect(unknown.obstacles[0]!.where).toMatch(/Zoftmax/);
});

it('a file of Keras and a folder of tfjs, with open sides tried', async () => {
  expect(await inspectModelFile(`${fixtures}keras/plain.keras`)).toMatchObject({
    format: 'keras',
    inputs: [{ shape: [null, 8, 7, 3] }],
    taken: { cut: 'softmax' },
    preprocessing: ["layer 'rescaling' takes x times 0.003922 plus 0"],
    // 56 places of 27 x 4, then 4 x 3 x 4 features on 5 classes.
    multiplyAdds: 56 * 27 * 4 + 48 * 5,
    attacks: 'white-box',
  });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [null, null, 3] as never, filters: 2, kernelSize: 1, name: 'c' }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 3, activation: 'sigmoid' }),
    ],
  });
  await saveLayersModelFolder(model, folder);
  model.dispose();
  const found = await inspectModelFile(folder);
  expect(found).toMatchObject({ format: 'layers-model', classifier: null, attacks: 'none' });
  expect(found.obstacles[0]!.what).toContain('its last activation is sigmoid');
  const told = await inspectModelFile(folder, { layers: { outputs: 'probabilities' } });
  expect(told.classifier).toEqual({ inputShape: [64, 64, 3], numClasses: 3, isAssumed: true });
});

it('a GraphModel', async () => {
  for (const [name, bytes] of graphFiles()) await writeFile(join(folder, name), bytes);
  expect(await inspectModelFile(folder)).toMatchObject({
    format: 'graph-model',
    inputs: [{ name: 'x', shape: [null, 6, 6, 1] }],
    taken: { cut: 'softmax' },
    parameters: 18 + 2 + 24 + 3 + 2,
    multiplyAdds: 16 * 2 * 9 + 8 * 3,
    attacks: 'white-box',
  });
});

it('weights alone, which need the name of their architecture', async () => {
  const path = `${fixtures}lenet5.safetensors`;
  const found = await inspectModelFile(path);
  expect(found).toMatchObject({ format: 'safetensors', producer: 'PyTorch', attacks: 'none' });
  expect(found.obstacles[0]!.what).toContain('does not name its architecture');
  await expect(inspectModelFile(join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'ADVROB_MODEL_MISSING' });
});
