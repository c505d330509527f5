// Every parser of files that come from elsewhere, with small intact files to damage.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { TextDecoder, TextEncoder } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { AdvrobError } from '../../packages/core/dist/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../packages/core/dist/safetensors.js';
import { gunzip, parseCifar10, parseIdx, parseMat, parseNpy } from '../../packages/datasets/dist/index.js';
import { decodePicture } from '../../packages/datasets/dist/pictures.js';
import {
  createRecord,
  parseRecord,
  readAdversarial,
  readExamples,
  serializeRecord,
} from '../../packages/evaluation/dist/index.js';
import { experimentOf } from './experiment.mjs';
import { loadGraphModelFiles } from '../../packages/models/dist/graph.js';
import { loadModel, mlp, saveWeights } from '../../packages/models/dist/index.js';
import { loadKerasFile } from '../../packages/models/dist/keras.js';
import { readOnnx } from '../../packages/onnx/dist/index.js';

const packages = new URL('../../packages/', import.meta.url);
const bytesOf = (text) => new TextEncoder().encode(text);
const textOf = (bytes) => new TextDecoder().decode(bytes);
const filesIn = (folder, names) =>
  names.map((name) => new Uint8Array(readFileSync(new URL(`${folder}/${name}`, packages))));
const dataFiles = (...names) => filesIn('datasets/test/files', names);
const modelFiles = (...names) => filesIn('models/test/fixtures', names);

/** A module that its package does not export, from its source; the packages that it needs from their builds. */
async function fromSource(path) {
  const [owner, name] = [path.split('/')[0], path.replaceAll('/', '-')];
  const outfile = new URL(`${owner}/node_modules/.cache/reliability/${name}.mjs`, packages);
  await build({
    entryPoints: [new URL(path, packages).pathname],
    outfile: outfile.pathname,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return import(outfile);
}

function record() {
  const list = { findings: [], tables: [], figures: [], galleries: [] };
  const analysis = { id: 'a', analysis: 'a', options: {}, seed: 0, models: {}, ...list, values: {} };
  const environment = { backend: 'cpu', runtime: 'node', platform: 'linux', versions: {} };
  const parts = { title: 't', command: null, config: {}, environment, seeds: {}, models: [], timing: null };
  return bytesOf(serializeRecord(createRecord({ ...parts, analyses: [analysis] })));
}

/** Weights without a checksum, which would refuse all alike. */
async function weights() {
  const { records, metadata } = decodeSafetensors(
    await saveWeights(mlp({ inputShape: [2], hidden: [2], numClasses: 2 })(0)),
  );
  return encodeSafetensors(records, Object.fromEntries(metadata));
}

const examples = [
  { success: true, fooledBy: 'pgd' },
  { success: false, fooledBy: null },
].map((verdict, index) => {
  const under = { attack: 'pgd', norm: 'linf', epsilon: 0.1, ...verdict, prediction: 1, distance: 0.1, queries: 7 };
  const clean = { index, label: 0, cleanPrediction: 0, cleanCorrect: true, robust: !verdict.success };
  return { ...clean, ...verdict, distance: 0.1, queries: 7, attacks: [under] };
});

const adversarial = encodeSafetensors({
  adversarial: { dtype: 'float32', shape: [2, 3], data: new Float32Array(6) },
  indices: { dtype: 'int32', shape: [2], data: new Int32Array(2) },
  labels: { dtype: 'int32', shape: [2], data: new Int32Array(2) },
});

/** Lines of a journal, and its reader, which drops what is damaged and may take nothing that was not written. */
function journalWith({ readJournal, sealed }) {
  const header = JSON.stringify({ format: 1, model: 'a' });
  const lines = [0, 1, 2].map((batch) => JSON.stringify({ batch, success: [1, 0, 1], distance: [0.1, 0, 0.25] }));
  const text = [sealed(header, ''), ...lines.map((line) => sealed(line, header))].map((line) => `${line}\n`).join('');
  const anything = { safeParse: (data) => (data === undefined ? { success: false } : { success: true, data }) };
  const parse = (bytes) => {
    const read = readJournal(bytes, anything, header);
    const stranger = read.lines.map((line) => JSON.stringify(line)).find((line) => !lines.includes(line));
    if (stranger !== undefined) throw new Error(`read a line that was never written: ${stranger}`);
    if (read.damaged.length > 0 || !read.isWhole || read.lines.length < lines.length)
      throw new AdvrobError('ADVROB_FILE_DAMAGED', 'the journal is damaged');
    return read;
  };
  return { sample: bytesOf(text), parse };
}

const tensors = encodeSafetensors({ w: { dtype: 'float32', shape: [2, 2], data: new Float32Array(4) } }, { a: 'b' });
const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
const cifar = Uint8Array.from({ length: 2 * 3073 }, (_, i) => (i % 3073 === 0 ? 3 : i % 251));
const labels = 'file,label\na.png,0\n"b, c.png",1\r\n\nd.png,"one ""1"""\n';
const yaml = `version: 1
name: points
base: &base { norm: linf, epsilon: [0.5, 8/255] }
threats: [*base, *base]
models:
  - id: net # one
    train: { objective: erm, note: "a\\tb" }
text: |
  two
  lines
`;

const mebi = 1 << 20;

/**
 * What is parsed how, with how many bytes it may allocate (default one MiB); what makes a model or decodes pictures is slow.
 * Parsers in WebAssembly (JPEG, WebP, HDF5) take their memory from a heap of their own, which is bounded by itself.
 */
export async function parsers() {
  const require = createRequire(new URL('models/package.json', packages));
  await import(require.resolve('@tensorflow/tfjs-backend-cpu'));
  const [
    { parseLabels },
    { parseClassMap },
    { readParquet },
    { unzip },
    { readYaml },
    { graphFiles },
    journals,
    { parseExperiment },
  ] = await Promise.all(
    [
      'datasets/src/from/picture-labels.ts',
      'datasets/src/from/class-map.ts',
      'datasets/src/formats/parquet.ts',
      'datasets/src/formats/zip.ts',
      'cli/src/config/yaml-text.ts',
      'models/test/graph-files.ts',
      'evaluation/src/journal/journal.ts',
      'cli/src/config/load.ts',
    ].map(fromSource),
  );
  const graph = graphFiles();
  const journal = journalWith(journals);
  const most = 1e6;
  const picture = (bytes) => decodePicture(bytes, { maxPixels: 1e4, maxBytes: most, resize: 4 });
  const made = (model) => (model.dispose(), true);
  const keras = [
    ...modelFiles('keras/branches.keras'),
    new Uint8Array(gunzipSync(modelFiles('keras/nested.h5.gz')[0])),
  ];
  return [
    { name: 'safetensors', samples: [tensors], parse: (bytes) => decodeSafetensors(bytes) },
    { name: 'npy', samples: dataFiles('fortran.npy', 'big-endian.npy', 'bool.npy'), parse: (bytes) => parseNpy(bytes) },
    { name: 'IDX', samples: [idx], parse: (bytes) => parseIdx(bytes) },
    { name: 'CIFAR', samples: [cifar], parse: (bytes) => parseCifar10(bytes) },
    {
      name: 'gzip',
      samples: [new Uint8Array(gzipSync(bytesOf('hello hello hello')))],
      parse: (bytes) => gunzip(bytes, 1e5),
    },
    {
      name: '.mat',
      samples: dataFiles('svhn/train_32x32.mat', 'svhn/test_32x32.mat'),
      parse: (bytes) => parseMat(bytes, 1e5),
    },
    { name: 'record.json', samples: [record()], parse: (bytes) => parseRecord(textOf(bytes)) },
    { name: 'journal', samples: [journal.sample], parse: journal.parse },
    {
      name: 'examples.jsonl',
      samples: [bytesOf(examples.map((each) => `${JSON.stringify(each)}\n`).join(''))],
      parse: (bytes) => [...readExamples([bytes])],
    },
    {
      name: 'adversarial examples',
      samples: [adversarial],
      parse: (bytes) => readAdversarial({ read: async () => bytes }, 'a'),
    },
    {
      name: 'config',
      isSlow: true,
      samples: [bytesOf(JSON.stringify(experimentOf({ everyTrainer: false })))],
      parse: (bytes) => parseExperiment(readYaml(textOf(bytes), 'a.json', 'ADVROB_CONFIG').value),
    },
    { name: 'CSV of labels', samples: [bytesOf(labels)], parse: (bytes) => parseLabels(textOf(bytes), 'labels.csv') },
    {
      name: 'map of classes',
      samples: [
        '["a", "b"]',
        '{"0": ["n00000001", "cat"], "1": ["n00000002", "dog"]}',
        'n00000001 cat\nn00000002 dog\n',
      ].map(bytesOf),
      parse: (bytes) => parseClassMap(textOf(bytes), 'classes.json'),
    },
    {
      name: 'zip',
      isSlow: true,
      samples: dataFiles('keras.npz', 'torch.npz'),
      parse: (bytes) => unzip(bytes, 1e4, () => true),
      allowance: 2 * mebi,
    },
    { name: 'model of weights', isSlow: true, samples: [await weights()], parse: (bytes) => made(loadModel(bytes)) },
    {
      name: 'PNG',
      isSlow: true,
      samples: dataFiles('png/grey.png', 'png/palette.png', 'png/opaque.png', 'png/grey16.png'),
      parse: picture,
      allowance: 2 * mebi,
    },
    {
      name: 'JPEG',
      isSlow: true,
      samples: dataFiles('pictures/turned-6.jpg', 'pictures/progressive.jpg'),
      parse: picture,
      allowance: 2 * mebi,
    },
    {
      name: 'WebP',
      isSlow: true,
      samples: dataFiles('pictures/turned.webp', 'pictures/lossy.webp'),
      parse: picture,
      allowance: 2 * mebi,
    },
    {
      name: 'Parquet',
      isSlow: true,
      samples: dataFiles('hugging-face.parquet'),
      parse: (bytes) => readParquet(bytes, { image: 'image', label: 'label' }, most),
      allowance: 3 * mebi,
    },
    {
      name: 'ONNX',
      isSlow: true,
      samples: modelFiles('onnx/lenet-one.onnx', 'onnx/vit-free.onnx', 'onnx/upsampled-one.onnx'),
      parse: onnx,
    },
    {
      name: 'YAML',
      isSlow: true,
      samples: [bytesOf(yaml)],
      parse: (bytes) => readYaml(textOf(bytes), 'a.yaml', 'ADVROB_CONFIG'),
    },
    { name: '.keras and HDF5', isSlow: true, samples: keras, parse: async (bytes) => made(await loadKerasFile(bytes)) },
    {
      name: 'GraphModel',
      isSlow: true,
      samples: [graph.get('model.json')],
      parse: async (bytes) =>
        made(await loadGraphModelFiles(bytes, (path) => graph.get(path) ?? new Uint8Array(), { bounds: [0, 1] })),
    },
  ];
}

/** Errors of that package have the same codes, and a class of their own. */
function onnx(bytes) {
  try {
    return readOnnx(bytes);
  } catch (error) {
    if (error.name === 'OnnxError') throw new AdvrobError(error.code, error.message);
    throw error;
  }
}
