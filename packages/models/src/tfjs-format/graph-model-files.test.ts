import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { modelContract, mutate } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convNet, graphFiles } from '../../test/graph-files.js';
import { loadModelFile } from '../node/model-file.js';
import { loadGraphModelFiles } from './graph-model-files.js';

const bounds = [0, 1] as const;
const load = (files = graphFiles()) =>
  loadGraphModelFiles(files.get('model.json')!, (path) => files.get(path)!, { bounds });

describe('a GraphModel', () => {
  for (const { name, run } of modelContract(() => load())) it(name, run);

  it('gives the logits before its softmax and their gradient', async () => {
    const model = await load();
    expect([model.inputShape, model.numClasses]).toEqual([[6, 6, 1], 3]);
    const x = tf.randomUniform([5, 6, 6, 1], 0, 1, 'float32', 1);
    const { logits } = convNet();
    const weighted = (f: (z: tf.Tensor) => tf.Tensor) => (z: tf.Tensor) =>
      tf.sum(tf.mul(f(z), tf.tensor1d([1, -2, 3])));
    const [mine, expected] = [await model.logits(x).data(), await logits(x).data()];
    expected.forEach((value, i) => expect(mine[i]).toBeCloseTo(value, 5));
    const gradients = [weighted((z) => model.logits(z)), weighted(logits)].map((f) => tf.grad(f)(x).dataSync());
    expect(Math.max(...gradients[1]!)).toBeGreaterThan(1);
    gradients[1]!.forEach((value, i) => expect(gradients[0]![i]).toBeCloseTo(value, 4));
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const model = await load();
    const x = tf.ones([2, 6, 6, 1]);
    model.logits(x).dispose();
    tf.grad((z) => tf.sum(model.logits(z)))(x).dispose();
    x.dispose();
    model.dispose!();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('that ends in a sigmoid is refused, or on request cut there', async () => {
    const files = graphFiles((json) => {
      const { node } = json['modelTopology'] as { node: { op: string }[] };
      node.find(({ op }) => op === 'Softmax')!.op = 'Sigmoid';
    });
    await expect(load(files)).rejects.toThrow(/its last activation is sigmoid.*ADVROB_PROBABILITIES/);
    const read = (path: string) => files.get(path)!;
    const model = await loadGraphModelFiles(read('model.json'), read, { bounds, outputs: 'probabilities' });
    const x = tf.randomUniform([2, 6, 6, 1], 0, 1, 'float32', 4);
    const expected = await convNet().logits(x).data();
    (await model.logits(x).data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    model.dispose!();
  });

  it('is found by loadModelFile, normalised as asked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'advrob-graph-'));
    for (const [name, bytes] of graphFiles()) await writeFile(join(folder, name), bytes);
    const model = await loadModelFile(folder, { layers: { mean: 0.5, std: 0.25 } });
    const x = tf.randomUniform([2, 6, 6, 1], 0, 1, 'float32', 3);
    const expected = await convNet()
      .logits(tf.div(tf.sub(x, 0.5), 0.25))
      .data();
    (await model.logits(x).data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    model.dispose!();
    await rm(folder, { recursive: true });
  });

  it.each([
    ['a loop', 'While', 'loops'],
    ['an op that tfjs lacks', 'Qr', 'cannot run it'],
  ])('refuses %s', async (_, op, says) => {
    const files = graphFiles((json) => {
      const { node } = json['modelTopology'] as { node: { op: string; name: string }[] };
      node.find(({ name }) => name === 'relu')!.op = op;
    });
    await expect(load(files)).rejects.toMatchObject({
      code: 'ADVROB_MODEL_FILE',
      message: expect.stringContaining(says) as string,
    });
  });

  it('loads or ends with one of its errors for 5,000 damaged files, without leaks', { timeout: 300_000 }, async () => {
    const files = graphFiles();
    const before = tf.memory().numTensors;
    const outcomes: Record<string, number> = {};
    for (let index = 0; index < 5000; index++) {
      const damaged = new Map(files);
      const name = index % 5 === 0 ? 'group1-shard1of1.bin' : 'model.json';
      damaged.set(name, mutate(files.get(name)!, 4, index));
      const outcome = await load(damaged).then(
        (model) => {
          model.dispose!();
          return 'accepted';
        },
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    const allowed = ['accepted', 'MODEL_FILE', 'WEIGHTS_NOT_FINITE', 'SHAPE', 'NOT_FINITE', 'PROBABILITIES'];
    const codes = allowed.map((name) => (name === 'accepted' ? name : `ADVROB_${name}`));
    expect(Object.keys(outcomes).filter((outcome) => !codes.includes(outcome))).toEqual([]);
    expect(outcomes['ADVROB_MODEL_FILE']).toBeGreaterThan(100);
    expect(outcomes['accepted']).toBeGreaterThan(10);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a model that divides bytes itself', () => {
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
