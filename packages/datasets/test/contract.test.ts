import type { Dataset } from '@advrob/core';
import { datasetContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { encode } from 'fast-png';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderOf, idxPair, planarFile } from './example-files.js';
import { exampleImages } from './example-images.js';
import { filePath } from './test-files.js';
import plugin, {
  arrayDataset,
  chess,
  corruptedData,
  deadPixels,
  diagonal,
  principalComponentData,
  subspace,
  cifar10,
  cifar100,
  fashionMnist,
  idx,
  imageDataset,
  imageFolder,
  mnist,
  npz,
  parquet,
  svhn,
} from '../src/index.js';

let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  await tf.setBackend('cpu');
  const [train, test] = [idxPair(30), idxPair(12, 5)];
  folder = await folderOf({
    'train-images-idx3-ubyte.gz': gzipSync(train.images),
    'train-labels-idx1-ubyte': train.labels,
    't10k-images.idx3-ubyte': test.images,
    't10k-labels-idx1-ubyte.gz': gzipSync(test.labels),
    'data_batch_1.bin': planarFile(12, (record) => [record % 10]),
    'data_batch_3.bin': planarFile(8, (record) => [(record * 7) % 10]),
    'test_batch.bin': planarFile(9, (record) => [(record * 3) % 10]),
    'train.bin': planarFile(15, (record) => [record % 20, (record * 13) % 100]),
    'test.bin': planarFile(9, (record) => [record % 20, (record * 17) % 100]),
  });
  for (let i = 0; i < 24; i++) {
    const directory = at(`pictures/${i < 20 ? 'train' : 'test'}/${i % 2 === 0 ? 'a' : 'b'}`);
    await mkdir(directory, { recursive: true });
    const data = Uint8Array.from({ length: 12 }, (_, pixel) => 20 * pixel + i);
    await writeFile(join(directory, `${i}.png`), encode({ width: 4, height: 3, channels: 1, depth: 8, data }));
  }
});
afterAll(() => rm(folder, { recursive: true }));

let loaded: ReturnType<typeof mnist> | undefined;
/** Loaded once, because it is 55 MB; mnist.test.ts compares two loads. */
const wholeMnist = () => (loaded ??= mnist());

/** One row per data set: one without a row fails the last test. */
const makers: Readonly<Record<string, () => Promise<Dataset>>> = {
  mnist: async () => (await wholeMnist()).validation.take(40),
  'fashion-mnist': async () => (await fashionMnist({ directory: folder, validation: 8 })).train,
  idx: async () =>
    (
      await idx({
        trainImages: at('train-images-idx3-ubyte.gz'),
        trainLabels: at('train-labels-idx1-ubyte'),
        testImages: at('t10k-images.idx3-ubyte'),
        testLabels: at('t10k-labels-idx1-ubyte.gz'),
      })
    ).test,
  cifar10: async () => (await cifar10({ directory: folder, trainFiles: [1, 3] })).train,
  cifar100: async () => (await cifar100({ directory: folder, labels: 'coarse' })).test,
  'image-folder': async () => (await imageFolder({ directory: at('pictures') })).train,
  parquet: async () => {
    const file = filePath('hugging-face.parquet');
    return (await parquet({ train: file, test: file, validation: 0 })).train;
  },
  svhn: async () => (await svhn({ directory: filePath('svhn'), validation: 0 })).train,
  npz: async () => (await npz({ train: filePath('keras.npz'), validation: 0 })).train,
  // The contract wants eight examples and there are seven: here each comes twice.
  diagonal: async () => repeated((await diagonal()).train),
  chess: async () => (await chess()).train,
  subspace: async () => (await subspace({ size: 6, complement: 2, rotated: true })).train,
  corrupted: async () => {
    const pictures = imageFolder({ directory: at('pictures') });
    return (await corruptedData({ dataset: pictures, corruption: 'gaussian-noise', parts: 'all' })).train;
  },
  'dead-pixels': async () => (await deadPixels({ dataset: subspace({ size: 6, complement: 2 }) })).test,
  'principal-components': async () =>
    (await principalComponentData({ dataset: subspace({ size: 6, complement: 2 }), components: 3 })).test,
};

async function repeated(data: Dataset): Promise<Dataset> {
  const inputs: number[] = [];
  const labels: number[] = [];
  for await (const { x, y } of data.batches({ size: 4 })) {
    inputs.push(...(await x.data()));
    labels.push(...(await y.data()));
    tf.dispose([x, y]);
  }
  const twice = { inputs: Float32Array.from([...inputs, ...inputs]), labels: [...labels, ...labels] };
  const { name, inputShape, numClasses, bounds } = data;
  return arrayDataset({ name, inputShape, numClasses, bounds, ...twice });
}

describe('imageDataset', () => {
  for (const { name, run } of datasetContract(() => imageDataset(exampleImages(20)))) it(name, run);
});

describe.each(Object.entries(makers))('%s', (_, make) => {
  for (const { name, run } of datasetContract(make)) it(name, run);
});

it('every data set of the plugin has a row', () => {
  const lacking = Object.keys(plugin.datasets).filter((name) => !(name in makers));
  const remedy = "give it a row in 'makers' of packages/datasets/test/contract.test.ts";
  expect(lacking, `no contract for ${lacking.join(', ')}: ${remedy}`).toEqual([]);
  expect(Object.keys(makers).sort()).toEqual(Object.keys(plugin.datasets).sort());
  for (const [name, factory] of Object.entries(plugin.datasets)) expect(factory.definition.name).toBe(name);
});
