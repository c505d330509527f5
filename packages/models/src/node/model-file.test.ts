import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mlp } from '../architectures/mlp.js';
import { loadModelFile, saveModelFile } from './model-file.js';
import { loadLayersModelFolder, saveLayersModelFolder } from './model-folder.js';

let folder = '';
let before = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-models-'));
  before = tf.memory().numTensors;
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(before);
});

const layers = () =>
  tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [3], units: 2, activation: 'softmax' })] });

it('saves and loads safetensors without being told the architecture', async () => {
  const model = mlp({ inputShape: [3], hidden: [4], numClasses: 2, bounds: [-1, 1] })(5);
  const path = join(folder, 'model.safetensors');
  await saveModelFile(model, path);
  const twin = await loadModelFile(path);
  expect(twin).toMatchObject({ inputShape: [3], numClasses: 2, bounds: [-1, 1] });
  for (const [name, variable] of Object.entries(model.weights))
    expect(await twin.weights[name]!.data()).toEqual(await variable.data());
  expect(await readdir(folder)).toEqual(['model.safetensors']);
  model.dispose!();
  twin.dispose!();
});

it('saves and loads folders of tfjs, from the folder or its model.json', async () => {
  const model = layers();
  await saveLayersModelFolder(model, join(folder, 'deep', 'model'));
  model.dispose();
  for (const path of [join(folder, 'deep', 'model'), join(folder, 'deep', 'model', 'model.json')]) {
    const said = loadModelFile(path, { layers: { outputs: 'logits' } });
    await expect(said).rejects.toMatchObject({ code: 'ADVROB_PROBABILITIES' });
    const twin = await loadModelFile(path, { layers: { bounds: [0, 2] } });
    expect(twin).toMatchObject({ inputShape: [3], numClasses: 2, bounds: [0, 2] });
    twin.dispose!();
  }
});

it('loads what Keras saved, by its content', async () => {
  const path = new URL('../../test/fixtures/keras/plain.keras', import.meta.url).pathname;
  const model = await loadModelFile(path);
  expect(model).toMatchObject({ inputShape: [8, 7, 3], numClasses: 5, bounds: [0, 1] });
  model.dispose!();
  await expect(loadModelFile(path, { layers: { outputs: 'logits' } })).rejects.toMatchObject({
    code: 'ADVROB_PROBABILITIES',
  });
  const older = new URL('../../test/fixtures/keras/nested.h5.gz', import.meta.url).pathname;
  await writeFile(join(folder, 'any-name'), gunzipSync(await readFile(older)));
  const other = await loadModelFile(join(folder, 'any-name'));
  expect(other.numClasses).toBe(4);
  other.dispose!();
});

it('refuses what is missing, too large, or linked from elsewhere', async () => {
  await expect(loadModelFile(join(folder, 'none.safetensors'))).rejects.toMatchObject({ code: 'ADVROB_MODEL_MISSING' });
  await expect(loadModelFile(folder)).rejects.toMatchObject({ code: 'ADVROB_MODEL_MISSING' });
  await writeFile(join(folder, 'large'), new Uint8Array(9));
  await expect(loadModelFile(join(folder, 'large'), { maxBytes: 8 })).rejects.toMatchObject({
    code: 'ADVROB_MODEL_OVERSIZED',
  });

  const model = layers();
  const path = join(folder, 'model');
  await saveLayersModelFolder(model, path);
  model.dispose();
  const shard = (await readdir(path)).find((name) => name !== 'model.json')!;
  await rm(join(path, shard));
  await expect(loadLayersModelFolder(path)).rejects.toMatchObject({ code: 'ADVROB_MODEL_MISSING' });
  await writeFile(join(folder, 'secret'), new Uint8Array(32));
  await symlink(join(folder, 'secret'), join(path, shard));
  await expect(loadLayersModelFolder(path)).rejects.toMatchObject({ code: 'ADVROB_MODEL_FILE' });
});
