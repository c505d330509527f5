import { createRegistry } from '@advrob/core';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadAnyModel } from './load-model.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advrob-foreign-'));
});
afterAll(() => rm(folder, { recursive: true }));

const zip = (name: string) => Buffer.from(`PK\x03\x04${'\0'.repeat(26)}${name}`, 'latin1');

it.each([
  ['net.h5', Buffer.from('\x89HDF\r\n\x1a\nrest', 'latin1'), /net\.h5: .*cannot be read as HDF5/],
  ['net.keras', zip('metadata.json'), /net\.keras: .*damaged zip archive/],
  ['net.zip', zip('metadata.json'), /a Keras model.*end in \.keras: mv .*net\.zip .*net\.zip\.keras/],
  ['net.pth', zip('archive/data.pkl'), /PyTorch file.*save_file\(net\.state_dict\(\).*--architecture/],
  ['pytorch_model.bin', zip('pytorch_model/data.pkl'), /PyTorch file/],
  ['old.pt', Buffer.from('\x80\x02\x8a\nl\xfc', 'latin1'), /PyTorch file/],
  ['renamed.net', Buffer.from('\x08\x08\x12\x07pytorch\x1a', 'latin1'), /ONNX model.*end in \.onnx/],
  ['folder/net.onnx', Buffer.from('\x08\x08\x12\x07pytorch\x1a', 'latin1'), /--model .*folder\/net\.onnx/],
  ['net.tflite', Buffer.from('\x1c\0\0\0TFL3'), /TensorFlow Lite/],
  ['saved/saved_model.pb', Buffer.from('\x08\x01\x12'), /SavedModel.*tf_saved_model/],
  ['hub/model.safetensors', Buffer.from('x'), /--model .*hub\/model\.safetensors --architecture/],
  ['dir/weights.h5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /dir\/weights\.h5 is a Keras model/],
])('shows the way in for %s', async (name, content, says) => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  const given = name.includes('/') ? dirname(path) : path;
  await expect(loadAnyModel(given, createRegistry([]))).rejects.toMatchObject({
    code: 'ADVROB_MODEL_FILE',
    message: expect.stringMatching(says) as string,
  });
});

it('says of a file that is nothing known what it said before', async () => {
  await writeFile(join(folder, 'net.safetensors'), 'no weights at all');
  await expect(loadAnyModel(join(folder, 'net.safetensors'), createRegistry([]))).rejects.toMatchObject({
    code: 'ADVROB_TENSOR_FILE',
  });
});

it('says of a damaged file of a kind that is read what its reader says', async () => {
  const content = Buffer.from('\x08\x08\x12\x07pytorch\x1a\x01', 'latin1');
  await writeFile(join(folder, 'cut.onnx'), content);
  await expect(loadAnyModel(join(folder, 'cut.onnx'), createRegistry([]))).rejects.toMatchObject({
    code: 'ADVROB_ONNX_FILE',
    message: expect.stringMatching(/cut\.onnx: .*cut off/) as string,
  });
});
