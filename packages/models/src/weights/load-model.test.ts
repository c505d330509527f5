import '@tensorflow/tfjs-backend-cpu';
import { type AnyFactory, defineModel } from '@advrob/core';
import { decodeSafetensors, encodeSafetensors } from '@advrob/core/safetensors';
import { linearClassifier, surviveMutations } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { smallModels } from '../../test/small-models.js';
import { mlp } from '../architectures/mlp.js';
import { loadModel, loadWeights } from './load-model.js';
import { saveWeights } from './save-weights.js';

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const code = (expected: string) => expect.objectContaining({ code: expected });
const tiny = mlp({ inputShape: [2], hidden: [2], numClasses: 2 });

/** A saved tiny model with changed records or metadata. */
async function changed(change: {
  records?: (
    records: Map<string, { dtype: 'float32' | 'int32'; shape: readonly number[]; data: Float32Array | Int32Array }>,
  ) => void;
  metadata?: Record<string, string>;
}): Promise<Uint8Array> {
  const model = tiny(0);
  const { records, metadata } = decodeSafetensors(await saveWeights(model));
  model.dispose!();
  const edited = new Map(records);
  change.records?.(edited);
  return encodeSafetensors(edited, { ...Object.fromEntries(metadata), ...change.metadata });
}

describe('saved and loaded', () => {
  it.each(Object.entries(smallModels))('%s has the same bits, as a new model and in an old one', async (_, make) => {
    const model = make(1);
    const bytes = await saveWeights(model);
    const [fresh, old] = [loadModel(bytes), make(2)];
    loadWeights(old, bytes);
    const all = (of: typeof model) => Object.entries({ ...of.weights, ...of.buffers });
    for (const twin of [fresh, old]) {
      expect(all(twin).map(([name]) => name)).toEqual(all(model).map(([name]) => name));
      for (const [i, [, variable]] of all(twin).entries())
        expect(await variable.data()).toEqual(await all(model)[i]![1].data());
      expect(twin).toMatchObject({ inputShape: model.inputShape, bounds: model.bounds, numClasses: model.numClasses });
    }
    for (const each of [model, fresh, old]) each.dispose!();
  });

  it.each(['module.', '_orig_mod.', 'module._orig_mod.'])(
    'names that a wrapper of PyTorch puts %s before',
    async (prefix) => {
      const wrapped = await changed({
        records: (records) => {
          for (const [name, record] of [...records]) {
            records.delete(name);
            records.set(`${prefix}${name}`, record);
          }
        },
      });
      const [model, twin] = [tiny(0), loadModel(wrapped)];
      for (const [name, variable] of Object.entries(model.weights))
        expect(await twin.weights[name]!.data()).toEqual(await variable.data());
      model.dispose!();
      twin.dispose!();
    },
  );

  it('an architecture of someone else', async () => {
    const linear = defineModel({
      name: 'linear',
      summary: 'One layer.',
      options: z.strictObject({}),
      create: () => linearClassifier({ weights: [[1, 2]], bias: [3, 4] }),
    });
    const model = linear()(0);
    const bytes = await saveWeights(model);
    const architectures: Record<string, AnyFactory> = { linear };
    const twin = loadModel(bytes, { architectures });
    expect(twin.origin).toEqual({ name: 'linear', options: {} });
    expect(await twin.weights['bias']!.data()).toEqual(Float32Array.of(3, 4));
    twin.dispose!();
    model.dispose!();
  });
});

describe('refuses', () => {
  it.each([
    ['a file without an architecture', { metadata: { 'advrob.architecture': '' } }, 'ADVROB_ARCHITECTURE'],
    ['an unknown architecture', { metadata: { 'advrob.architecture': 'mpl' } }, 'ADVROB_ARCHITECTURE'],
    ['a method as architecture', { metadata: { 'advrob.architecture': 'toString' } }, 'ADVROB_ARCHITECTURE'],
    ['options that are no JSON', { metadata: { 'advrob.options': '{' } }, 'ADVROB_TENSOR_FILE'],
    ['options out of range', { metadata: { 'advrob.options': '{"hidden":[0]}' } }, 'ADVROB_OPTION'],
    [
      'options that want more memory than the file has',
      { metadata: { 'advrob.options': '{"inputShape":[1000000],"hidden":[1000000]}' } },
      'ADVROB_WEIGHTS_MISMATCH',
    ],
  ])('%s', async (_, change, expected) => {
    const bytes = await changed(change);
    expect(() => loadModel(bytes)).toThrowError(code(expected));
  });

  it.each([
    ['a missing weight', (records: Map<string, unknown>) => records.delete('fc1.bias'), 'ADVROB_WEIGHTS_MISMATCH'],
    [
      'a surplus weight',
      (records: Map<string, unknown>) =>
        records.set('fc9.bias', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }),
      'ADVROB_WEIGHTS_MISMATCH',
    ],
    [
      'a weight of another shape',
      (records: Map<string, unknown>) =>
        records.set('fc1.bias', { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) }),
      'ADVROB_WEIGHTS_MISMATCH',
    ],
    [
      'NaN',
      (records: Map<string, unknown>) =>
        records.set('fc1.bias', { dtype: 'float32', shape: [2], data: Float32Array.of(1, NaN) }),
      'ADVROB_WEIGHTS_NOT_FINITE',
    ],
  ])('%s, and changes nothing', async (_, records, expected) => {
    const bytes = await changed({ records });
    expect(() => loadModel(bytes)).toThrowError(code(expected));
    const model = tiny(9);
    const kept = await model.weights['fc1.weight']!.data();
    expect(() => loadWeights(model, bytes)).toThrowError(code(expected));
    expect(await model.weights['fc1.weight']!.data()).toEqual(kept);
    model.dispose!();
  });

  it("PyTorch's layout unannounced, with a hint", () => {
    const bytes = encodeSafetensors({
      'fc1.weight': { dtype: 'float32', shape: [3, 2], data: new Float32Array(6) },
    });
    expect(() => loadModel(bytes, { architecture: 'mlp', options: { inputShape: [2], hidden: [3] } })).toThrowError(
      /layout 'pytorch'/,
    );
  });
});

it('survives 5,000 damaged files', async () => {
  const models = [tiny(0), smallModels['compact-cnn'](0)];
  const samples = await Promise.all(models.map((model) => saveWeights(model)));
  for (const model of models) model.dispose!();
  const { accepted, refused } = surviveMutations({
    samples,
    seed: 4,
    count: 5000,
    allocated: () => process.memoryUsage().arrayBuffers,
    parse(bytes) {
      const model = loadModel(bytes);
      model.dispose!();
      return model;
    },
  });
  expect(accepted).toBeGreaterThan(0);
  expect(Object.keys(refused)).toContain('ADVROB_TENSOR_FILE');
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
