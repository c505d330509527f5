import '@tensorflow/tfjs-backend-cpu';
import { saveLayersModelFolder } from '@advrob/models/node';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRecord } from '@advrob/evaluation';
import { runHere } from './command-line.js';

let folder = '';
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'advrob-layers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Weights that are the same in every run. */
const kernelInitializer = layers.initializers.glorotUniform({ seed: 1 });

/** A model as a stranger saves it: conv, batch norm, dropout, dense, softmax at the end. */
function stranger(): layers.LayersModel {
  return layers.sequential({
    layers: [
      layers.layers.conv2d({
        ...{ inputShape: [28, 28, 1], filters: 4, kernelSize: 5, strides: 3, activation: 'relu', kernelInitializer },
      }),
      layers.layers.batchNormalization(),
      layers.layers.flatten(),
      layers.layers.dropout({ rate: 0.2 }),
      layers.layers.dense({ units: 10, activation: 'softmax', kernelInitializer }),
    ],
  });
}

const attack = ['--take', '40', '--attack', 'pgd', '--epsilon', '0.1', '--set', 'steps=3', '--json'];

it("evaluates a tfjs folder that ends in softmax, with the model's own accuracy and the gradients of its scores", async () => {
  const model = stranger();
  await saveLayersModelFolder(model, join(folder, 'model'));
  const ended = await runHere(folder, ['evaluate', '--model', 'model', ...attack, '--out', 'out']);
  expect(ended.code, ended.stderr).toBe(0);
  const record = parseRecord(await readFile(join(folder, 'out/record.json'), 'utf8'));

  const { mnist } = await import('@advrob/datasets');
  const { test } = await mnist();
  let right = 0;
  for await (const { x, y } of test.take(40).batches({ size: 40 })) {
    const predicted = tf.argMax(model.predict(x) as tf.Tensor, 1);
    right = (await tf.sum(tf.cast(tf.equal(predicted, y), 'int32')).data())[0]!;
  }
  expect(record.models[0]!.clean.count).toBe(right);

  const refused = await runHere(folder, [
    ...['evaluate', '--model', 'model', '--outputs', 'logits', ...attack, '--out', 'none'],
  ]);
  expect(refused.stderr).toMatch(/its last activation is softmax.*ADVROB_PROBABILITIES/s);
}, 120_000);

it('writes a tfjs folder as an ONNX file, which has the same robustness', async () => {
  await saveLayersModelFolder(stranger(), join(folder, 'written'));
  const ended = await runHere(folder, ['export', '--model', 'written', '--out', 'files/net.onnx', '--json']);
  expect(ended.code, ended.stderr).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({
    ...{ input: ['batch', 1, 28, 28], layout: 'NCHW', bounds: [0, 1], outputs: 'logits', numClasses: 10 },
    ...{ opset: 17, isCompared: true },
  });
  const records: ReturnType<typeof parseRecord>['models'][number][] = [];
  for (const model of ['written', 'files/net.onnx']) {
    const out = `out-of-${records.length}`;
    const evaluated = await runHere(folder, ['evaluate', '--model', model, ...attack, '--out', out]);
    expect(evaluated.code, evaluated.stderr).toBe(0);
    records.push(parseRecord(await readFile(join(folder, out, 'record.json'), 'utf8')).models[0]!);
  }
  expect(records[1]!.clean.count).toBe(records[0]!.clean.count);
  expect(records[1]!.attacks.map(({ points }) => points.map(({ robust }) => robust.count))).toEqual(
    records[0]!.attacks.map(({ points }) => points.map(({ robust }) => robust.count)),
  );
  const refused = await runHere(folder, ['export', '--model', 'written', '--out', 'files/net.pb']);
  expect(refused.stderr).toMatch(/ends with \.onnx.*ADVROB_USAGE/s);
}, 120_000);

it('refuses a tfjs folder whose probabilities cannot be cut off until it is told', async () => {
  const model = layers.sequential({
    layers: [
      layers.layers.conv2d({
        ...{ inputShape: [28, 28, 1], filters: 10, kernelSize: 28, activation: 'softmax', kernelInitializer },
      }),
      layers.layers.flatten(),
    ],
  });
  await saveLayersModelFolder(model, join(folder, 'hidden'));
  const flags = ['evaluate', '--model', 'hidden', ...attack, '--out', 'hidden-out'];
  const refused = await runHere(folder, flags);
  expect(refused.stderr).toMatch(/probabilities.*ADVROB_PROBABILITIES/s);
  expect(refused.stderr).toContain('--outputs probabilities');
  const ended = await runHere(folder, [...flags, '--outputs', 'probabilities']);
  expect(ended.code, ended.stderr).toBe(0);
}, 120_000);

it.each(['cpu', 'wasm'])(
  'analyses a tfjs folder on %s, along its weights too',
  async (backend) => {
    await saveLayersModelFolder(stranger(), join(folder, 'analysed'));
    const flags = ['--model', 'analysed', '--take', '20', '--epsilon', '0.1', '--backend', backend];
    const settings = ['--set', 'directions=1', '--set', 'attack={ name: bim, options: { steps: 2 } }'];
    const ended = await runHere(folder, ['analyze', 'flatness', ...flags, ...settings, '--out', backend]);
    expect(ended.code, ended.stderr).toBe(0);
    const { analyses } = parseRecord(await readFile(join(folder, backend, 'record.json'), 'utf8'));
    expect(analyses[0]!.models['model']!.name).toBe('analysed');
    expect(analyses[0]!.findings[0]).toMatch(/top eigenvalue/);
  },
  120_000,
);
