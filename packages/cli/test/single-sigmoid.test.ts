// A model of two classes as most people write it: one unit with a sigmoid. It is so sure of everything that its probabilities round to 0 and 1, so only the score in
// front of the sigmoid has a gradient; which examples an attack fools is known exactly.
import '@tensorflow/tfjs-backend-cpu';
import { parseRecord } from '@advrob/evaluation';
import { saveLayersModelFolder } from '@advrob/models/node';
import { exportOnnx } from '@advrob/onnx/export';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere } from './command-line.js';

const [count, side, sure] = [12, 6, 40];
/** Class 1 where the left half is brighter, by so many levels. */
const leads = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1) * (10 + 16 * i));
const isLeft = (pixel: number): boolean => pixel % side < side / 2;
const kernel = Float32Array.from({ length: side * side }, (_, pixel) => (isLeft(pixel) ? sure : -sure) / side);
/** A change of epsilon in every pixel takes 2 epsilon from the lead. */
const robustAt = (epsilon: number): number => leads.filter((lead) => Math.abs(lead) / 255 > 2 * epsilon).length;

function idxFile(dims: readonly number[], values: readonly number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  header.setUint8(2, 8);
  header.setUint8(3, dims.length);
  dims.forEach((extent, i) => header.setUint32(4 + 4 * i, extent));
  return Uint8Array.from([...new Uint8Array(header.buffer), ...values]);
}

async function writeGraphModel(path: string, weightsOf = kernel): Promise<void> {
  const float = { T: { type: 'DT_FLOAT' } };
  const constant = (name: string, type: string) => ({ name, op: 'Const', attr: { dtype: { type } } });
  const shape = { shape: { dim: [-1, side, side, 1].map((size) => ({ size: String(size) })) } };
  const node = [
    constant('kernel', 'DT_FLOAT'),
    constant('sizes', 'DT_INT32'),
    { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape } },
    { name: 'flat', op: 'Reshape', input: ['x', 'sizes'], attr: float },
    { name: 'score', op: 'MatMul', input: ['flat', 'kernel'], attr: float },
    { name: 'sigmoid', op: 'Sigmoid', input: ['score'], attr: float },
    { name: 'Identity', op: 'Identity', input: ['sigmoid'], attr: float },
  ];
  const weights = [
    { name: 'kernel', shape: [side * side, 1], dtype: 'float32' },
    { name: 'sizes', shape: [2], dtype: 'int32' },
  ];
  const weightsManifest = [{ paths: ['weights.bin'], weights }];
  await mkdir(path, { recursive: true });
  await writeFile(
    join(path, 'model.json'),
    JSON.stringify({ format: 'graph-model', modelTopology: { node, versions: { producer: 1 } }, weightsManifest }),
  );
  const shard = [weightsOf, Int32Array.of(-1, side * side)].map(({ buffer }) => new Uint8Array(buffer));
  await writeFile(join(path, 'weights.bin'), Buffer.concat(shard));
}

let folder = '';
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'advrob-sigmoid-'));
  const pixels = leads.flatMap((lead) =>
    Array.from(kernel, (_, i) => 127 + Math.trunc((isLeft(i) ? 1 : -1) * lead) / 2),
  );
  await writeFile(join(folder, 'images'), idxFile([count, side, side], pixels));
  await writeFile(
    join(folder, 'labels'),
    idxFile(
      [count],
      leads.map((lead) => Number(lead > 0)),
    ),
  );
  const layers = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [side, side, 1] }),
      tfl.layers.dense({ units: 1, useBias: false, activation: 'sigmoid' }),
    ],
  });
  layers.setWeights([tf.tensor2d(kernel, [side * side, 1])]);
  await saveLayersModelFolder(layers, join(folder, 'layers'));
  layers.dispose();
  await writeGraphModel(join(folder, 'graph'));
  const weights = tf.tensor2d(kernel, [side * side, 1]);
  const forward = (x: tf.Tensor): tf.Tensor => tf.sigmoid(tf.matMul(tf.reshape(x, [-1, side * side]), weights));
  await writeFile(join(folder, 'net.onnx'), exportOnnx(forward, { inputShape: [side, side, 1] }));
  weights.dispose();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const data = ['--dataset', 'idx', '--set', 'idx.testImages=images', '--set', 'idx.testLabels=labels'];
const shared = [...data, '--backend', 'cpu', '--json'];
const announced = ['--outputs', 'probabilities'];

const run = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runHere(folder, args);
  expect(code, stderr).toBe(0);
  return stdout;
};

it.each([
  ['a LayersModel', 'layers'],
  ['an ONNX file', 'net.onnx'],
  ['a GraphModel, announced', 'graph', ...announced],
])('%s is evaluated, attacked and inspected', async (_, file, ...flags) => {
  const out = (command: string): string => `${command}-${file}-${flags.length}`;
  const attacks = ['--attack', 'fgsm', '--attack', 'pgd', '--set', 'steps=4', '--epsilon', '0.1,0.3'];
  const text = await run('evaluate', '--model', file, ...attacks, ...shared, ...flags, '--out', out('evaluate'));
  const { models, checks, warnings } = parseRecord(text);
  expect(models[0]!.clean.rate).toBe(1);
  for (const { points } of models[0]!.attacks)
    expect(points.map(({ robust }) => robust.count)).toEqual([robustAt(0.1), robustAt(0.3)]);
  expect(checks).toMatchObject([{ name: 'gradient-differences', severity: 'none' }]);
  expect(warnings).toEqual([]);
  const attack = ['--attack', 'fgsm', '--epsilon', '0.3', '--out', out('attack')];
  const found = JSON.parse(await run('attack', '--model', file, ...attack, ...shared, ...flags)) as object;
  expect(found).toMatchObject({ robustAccuracy: robustAt(0.3) / count, warnings: [] });
  const seen = JSON.parse(await run('inspect', file, '--json', ...flags)) as object;
  expect(seen).toMatchObject({ classifier: { numClasses: 2 }, attacks: 'white-box', obstacles: [] });
});

it('is warned of where it is too sure for a gradient of cross-entropy', async () => {
  const sureFolder = join(folder, 'sure');
  const kernelAt = Float32Array.from(kernel, (value) => 100 * value);
  await writeGraphModel(sureFolder, kernelAt);
  const attack = ['--attack', 'fgsm', '--attack', 'deepfool', '--epsilon', '0.3', ...announced, ...shared];
  const { models, warnings } = parseRecord(await run('evaluate', '--model', 'sure', ...attack, '--out', 'warned'));
  const [fgsm, deepfool] = models[0]!.attacks.map(({ points }) => points[0]!.robust.count);
  expect([fgsm, deepfool]).toEqual([count, robustAt(0.3)]);
  expect(warnings).toMatchObject([
    { model: 'sure', message: expect.stringMatching(/leads by more than 80/) as string },
  ]);
});

it('is analysed and reported', async () => {
  const analysis = ['logit-statistics', '--model', 'graph', ...announced, '--epsilon', '0.3', '--out', 'analysed'];
  expect(parseRecord(await run('analyze', ...analysis, ...shared)).analyses).toHaveLength(1);
  const evaluated = ['--attack', 'fgsm', '--epsilon', '0.1', ...shared, '--out', 'reported'];
  await run('evaluate', '--model', 'net.onnx', ...evaluated);
  expect(await run('report', 'reported')).toContain('report.html');
  expect(await readFile(join(folder, 'reported', 'report.md'), 'utf8')).toContain('100.0%');
});

it('a GraphModel whose sigmoid was not announced is refused with the flag to add', async () => {
  for (const command of [
    ['evaluate', '--attack', 'fgsm'],
    ['attack', '--attack', 'fgsm'],
    ['analyze', 'logit-statistics'],
  ]) {
    const { code, stderr } = await runHere(folder, [
      ...[...command, '--model', 'graph', '--epsilon', '0.1', ...shared, '--out', 'none'],
    ]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/sigmoid.*--outputs probabilities/s)]);
  }
  const { stdout } = await runHere(folder, ['inspect', 'graph']);
  expect(stdout.replace(/\s+/g, ' ')).toMatch(/in the way.*sigmoid.*--outputs probabilities/);
});
