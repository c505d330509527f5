// Damages small files at random and feeds them to parsers of files that come from elsewhere: each may refuse them by an AdvrobError, and nothing else.
import { createRequire } from 'node:module';
import { TextDecoder, TextEncoder } from 'node:util';
import { gzipSync } from 'node:zlib';
import { decodeSafetensors, encodeSafetensors } from '../../packages/core/dist/safetensors.js';
import { surviveMutations } from '../../packages/core/dist/testing.js';
import { gunzip, parseIdx, parseNpy } from '../../packages/datasets/dist/index.js';
import { createRecord, parseRecord, serializeRecord } from '../../packages/evaluation/dist/index.js';
import { loadModel, mlp, saveWeights } from '../../packages/models/dist/index.js';

const bytesOf = (text) => new TextEncoder().encode(text);

function npy() {
  const header = `${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`;
  return new Uint8Array([0x93, ...bytesOf('NUMPY'), 1, 0, 118, 0, ...bytesOf(header), ...new Uint8Array(24)]);
}

function record() {
  const analysis = {
    id: 'a',
    analysis: 'a',
    options: {},
    seed: 0,
    models: {},
    findings: [],
    tables: [],
    figures: [],
    galleries: [],
    values: {},
  };
  const environment = { backend: 'cpu', runtime: 'node', platform: 'linux', versions: {} };
  const parts = { title: 't', command: null, config: {}, environment, seeds: {}, models: [], timing: null };
  return bytesOf(serializeRecord(createRecord({ ...parts, analyses: [analysis] })));
}

/** Weights without a checksum, which would refuse all alike. */
async function weights() {
  await import(
    createRequire(new URL('../../packages/models/package.json', import.meta.url)).resolve(
      '@tensorflow/tfjs-backend-cpu',
    )
  );
  const { records, metadata } = decodeSafetensors(
    await saveWeights(mlp({ inputShape: [2], hidden: [2], numClasses: 2 })(0)),
  );
  return encodeSafetensors(records, Object.fromEntries(metadata));
}

/** `isSlow`: makes a model of each file. */
async function parsers() {
  const tensors = encodeSafetensors({ w: { dtype: 'float32', shape: [2, 2], data: new Float32Array(4) } }, { a: 'b' });
  const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
  const zipped = new Uint8Array(gzipSync(bytesOf('hello hello hello')));
  return [
    { name: 'safetensors', sample: tensors, parse: (bytes) => decodeSafetensors(bytes) },
    { name: 'npy', sample: npy(), parse: (bytes) => parseNpy(bytes) },
    { name: 'IDX', sample: idx, parse: (bytes) => parseIdx(bytes) },
    { name: 'gzip', sample: zipped, parse: (bytes) => gunzip(bytes) },
    { name: 'record.json', sample: record(), parse: (bytes) => parseRecord(new TextDecoder().decode(bytes)) },
    {
      name: 'model of weights',
      isSlow: true,
      sample: await weights(),
      parse: (bytes) => loadModel(bytes).dispose() ?? true,
    },
  ];
}

/**
 * @param {number} fast How many damaged files for each fast parser.
 * @param {number} slow The same for slow ones.
 * @param {number} until Milliseconds after which no further ones are tried.
 */
export async function mutateAll(fast, slow, until = Infinity) {
  const begun = performance.now();
  const results = [];
  const all = await parsers();
  for (const [i, { name, isSlow = false, sample, parse }] of all.entries()) {
    // Each has its share of the time.
    const end = (until * (i + 1)) / all.length;
    const wanted = isSlow ? slow : fast;
    // What refuses the intact file would show nothing.
    parse(sample);
    const found = { name, mutations: 0, accepted: 0, refused: 0, problem: undefined };
    results.push(found);
    // In pieces, so that time may run out.
    for (let seed = 0; found.mutations < wanted && performance.now() - begun < end && !found.problem; seed++) {
      const count = Math.min(2000, wanted - found.mutations);
      try {
        const allocated = () => process.memoryUsage().arrayBuffers;
        const survival = surviveMutations({
          samples: [sample],
          parse,
          seed,
          count,
          allocated,
          allowance: () => 1 << 20,
        });
        found.accepted += survival.accepted;
        found.refused += Object.values(survival.refused).reduce((sum, each) => sum + each, 0);
        found.mutations += count;
      } catch (error) {
        found.problem = String(error);
      }
    }
  }
  return results;
}
