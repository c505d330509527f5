import '@tensorflow/tfjs-backend-cpu';
import { AdvrobError } from '@advrob/core';
import { mutate } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { loadLayersModelFiles, saveLayersModelFiles } from './layers-model-files.js';

const sequential = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3 }),
      tfl.layers.batchNormalization(),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3 }),
    ],
  });

/** Two branches, a shared layer and a nested model. */
function branched(): tfl.LayersModel {
  const input = tfl.input({ shape: [4] });
  const shared = tfl.layers.dense({ units: 4 });
  const twice = shared.apply(shared.apply(input)) as tfl.SymbolicTensor;
  const nested = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [4], units: 4, activation: 'relu' })] });
  const sum = tfl.layers.add().apply([twice, nested.apply(input) as tfl.SymbolicTensor]);
  return tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 3 }).apply(sum) as tfl.SymbolicTensor });
}

const load = (files: ReadonlyMap<string, Uint8Array>) =>
  loadLayersModelFiles(files.get('model.json')!, (path) => files.get(path) ?? new Uint8Array());

/** The files with model.json changed by `edit`. */
function edited(files: ReadonlyMap<string, Uint8Array>, edit: (json: Json) => void): Map<string, Uint8Array> {
  const json = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as Json;
  edit(json);
  return new Map([...files, ['model.json', new TextEncoder().encode(JSON.stringify(json))]]);
}
interface Json {
  format: unknown;
  modelTopology: { class_name: string; config: { layers: Record<string, unknown>[] } } | undefined;
  weightsManifest: { paths: unknown[]; weights: Record<string, unknown>[] }[];
}
const layer = (json: Json, index: number) => json.modelTopology!.config.layers[index]!;
const config = (json: Json, index: number) => layer(json, index)['config'] as Record<string, unknown>;
const weight = (json: Json, index: number) => json.weightsManifest[0]!.weights[index]!;

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe('a LayersModel saved and loaded', () => {
  it.each([
    ['sequential', sequential],
    ['branched', branched],
  ])('%s: has the same bits', async (_, make) => {
    const model = make();
    const twin = await load(await saveLayersModelFiles(model));
    const x = tf.randomUniform([2, ...(model.inputs[0]!.shape.slice(1) as number[])], 0, 1, 'float32', 1);
    const outputs = [model.predict(x) as tf.Tensor, twin.predict(x) as tf.Tensor];
    expect(await outputs[1]!.data()).toEqual(await outputs[0]!.data());
    for (const [i, variable] of twin.getWeights().entries())
      expect(await variable.data()).toEqual(await model.getWeights()[i]!.data());
    tf.dispose([x, ...outputs]);
    disposeLayersModel(model);
    disposeLayersModel(twin);
  });

  it('reads paths as a browser saves them', async () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [2], units: 2 })] });
    const files = edited(await saveLayersModelFiles(model), (json) => {
      json.weightsManifest[0]!.paths = json.weightsManifest[0]!.paths.map((path) => `./${String(path)}`);
    });
    const twin = await load(files);
    expect(await twin.getWeights()[0]!.data()).toEqual(await model.getWeights()[0]!.data());
    disposeLayersModel(model);
    disposeLayersModel(twin);
  });

  it('reads quantized weights, several groups and shards', async () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [2], units: 2, name: 'd' })] });
    const files = edited(await saveLayersModelFiles(model), (json) => {
      const quantization = { dtype: 'uint8', scale: 0.5, min: -1 };
      json.weightsManifest = [
        { paths: ['a', 'b'], weights: [{ name: 'd/kernel', shape: [2, 2], dtype: 'float32', quantization }] },
        { paths: ['c'], weights: [{ name: 'd/bias', shape: [2], dtype: 'float32' }] },
      ];
    });
    files
      .set('a', Uint8Array.of(0, 2, 4))
      .set('b', Uint8Array.of(6))
      .set('c', new Uint8Array(8));
    const twin = await load(files);
    expect([...(await twin.getWeights()[0]!.data())]).toEqual([-1, 0, 1, 2]);
    disposeLayersModel(model);
    disposeLayersModel(twin);
  });
});

const wrongs: [string, (json: Json) => void][] = [
  ['a graph model', (json) => (json.format = 'graph-model')],
  ['no topology', (json) => (json.modelTopology = undefined)],
  ['a path that leads out', (json) => (json.weightsManifest[0]!.paths = ['../secret'])],
  ['a path that leads out behind a dot', (json) => (json.weightsManifest[0]!.paths = ['./../secret'])],
  ['an absolute path', (json) => (json.weightsManifest[0]!.paths = ['/etc/passwd'])],
  ['a Windows path', (json) => (json.weightsManifest[0]!.paths = ['..\\secret'])],
  ['a shard named twice', ({ weightsManifest: [group] }) => group!.paths.push(group!.paths[0])],
  ['a shard that is missing', (json) => (json.weightsManifest[0]!.paths = ['missing.bin'])],
  ['a weight too large for the shard', (json) => (weight(json, 0)['shape'] = [1e5, 1e5])],
  ['a weight larger than any file', (json) => (weight(json, 0)['shape'] = [2 ** 40, 2 ** 40])],
  ['a negative side', (json) => (weight(json, 0)['shape'] = [-3, -3, -1, -2])],
  ['a weight of text', (json) => (weight(json, 0)['dtype'] = 'string')],
  ['a weight named twice', (json) => (weight(json, 1)['name'] = weight(json, 0)['name'])],
  ['weights of other layers', (json) => (weight(json, 0)['name'] = 'other/kernel')],
  ['one weight less', ({ weightsManifest: [group] }) => group!.weights.pop()],
  ['more units than weights', (json) => (config(json, 3)['units'] = 1e9)],
  ['an unknown layer', (json) => (layer(json, 3)['class_name'] = 'Toaster')],
  ['a layer named like a method', (json) => (layer(json, 3)['class_name'] = 'toString')],
  ['an input larger than memory', (json) => (config(json, 0)['batch_input_shape'] = [null, 1e6, 1e6, 1])],
];

describe('refuses', () => {
  it.each(wrongs)('%s', async (_, edit) => {
    const model = sequential();
    const files = edited(await saveLayersModelFiles(model), edit);
    await expect(load(files)).rejects.toMatchObject({ code: 'ADVROB_MODEL_FILE' });
    disposeLayersModel(model);
  });

  it.each([
    ['a layer that waits for itself', (name: string) => [[[name, 0, 0, {}]]]],
    ['a layer that does not exist', () => [[['nowhere', 0, 0, {}]]]],
    ['a call that is never made', () => [[['input', 7, 0, {}]]]],
  ])('a graph with %s', async (_, inbound) => {
    const model = branched();
    const files = edited(await saveLayersModelFiles(model), (json) => {
      const last = json.modelTopology!.config.layers.at(-1)!;
      last['inbound_nodes'] = inbound(last['name'] as string);
    });
    await expect(load(files)).rejects.toMatchObject({ code: 'ADVROB_MODEL_FILE' });
    disposeLayersModel(model);
  });

  it('weights that are not finite', async () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [1], units: 1 })] });
    const files = await saveLayersModelFiles(model);
    const shard = [...files.keys()].find((name) => name !== 'model.json')!;
    files.set(shard, new Uint8Array(Float32Array.of(NaN, 0).buffer));
    await expect(load(files)).rejects.toMatchObject({ code: 'ADVROB_WEIGHTS_NOT_FINITE' });
    disposeLayersModel(model);
  });
});

it('survives 5,000 damaged model.json files', { timeout: 600_000 }, async () => {
  const seed = 20;
  const samples: Map<string, Uint8Array>[] = [];
  for (const make of [sequential, branched]) {
    const model = make();
    samples.push(await saveLayersModelFiles(model));
    disposeLayersModel(model);
  }
  const codes = new Set<string>();
  for (let index = 0; index < 5000; index++) {
    const files = samples[index % 2]!;
    // Digits and quotes are where the meaning is: half of the damage goes there, the other half
    // anywhere.
    const json = files.get('model.json')!;
    const damaged = index % 4 < 2 ? mutate(json, seed, index) : damageTokens(json, index);
    const attempt = async (): Promise<number> => {
      const startedAt = performance.now();
      try {
        disposeLayersModel(await load(new Map([...files, ['model.json', damaged]])));
      } catch (error) {
        if (!(error instanceof AdvrobError))
          throw new Error(`seed ${seed}, index ${index}: ${String(error)}`, { cause: error });
        codes.add(error.code);
      }
      return performance.now() - startedAt;
    };
    let time = await attempt();
    // A busy machine may stop the process for a while; a file that hangs does so every time.
    if (time > 1000) time = await attempt();
    expect(time, `seed ${seed}, index ${index} took ${time} ms`).toBeLessThan(1000);
    expect(tf.memory().numTensors, `seed ${seed}, index ${index} leaked`).toBe(before);
  }
  expect([...codes].sort()).toEqual(['ADVROB_MODEL_FILE', 'ADVROB_WEIGHTS_NOT_FINITE'].slice(0, codes.size));
});

/**
 * Keeps the text valid JSON: one number, name or literal is replaced by another from a list that
 * tempts.
 */
function damageTokens(json: Uint8Array, index: number): Uint8Array {
  const text = new TextDecoder().decode(json);
  const tokens = [...text.matchAll(/"[^"]*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null/g)];
  const tempting = [
    '0',
    '-1',
    '1e9',
    '4294967296',
    '1e308',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '"Dense"',
    '"__proto__"',
    '[[["a",0,0]]]',
  ];
  const { 0: token, index: at } = tokens[(index * 7919) % tokens.length]!;
  const replacement = tempting[Math.floor(index / 4) % tempting.length]!;
  return new TextEncoder().encode(text.slice(0, at) + replacement + text.slice(at + token.length));
}
