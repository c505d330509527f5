import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { surviveMutationsAsync } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { readFile } from 'node:fs/promises';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromLayersModel } from '../adapters/from-layers-model.js';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { loadKerasFile } from './keras-file.js';
import { readZip } from './zip.js';

interface Facts {
  readonly shape: number[];
  readonly x: number[];
  readonly y: number[];
  readonly classes: number;
}
const folder = new URL('../../test/fixtures/keras/', import.meta.url);
const outputs = JSON.parse(await readFile(new URL('outputs.json', folder), 'utf8')) as Record<string, Facts> & {
  activations: Record<string, number[]>;
};
const ofKeras2 = JSON.parse(await readFile(new URL('../keras2/outputs.json', folder), 'utf8')) as Record<string, Facts>;
const bytesOf = async (name: string): Promise<Uint8Array> => {
  const bytes = await readFile(new URL(name, folder));
  return new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
};

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

/** Largest difference from Keras, relative to its largest output. */
async function difference(model: LayersModel, { shape, x, y }: Facts, scale: number): Promise<number> {
  const found = tf.tidy(() => model.predict(tf.mul(tf.tensor(x, shape), scale)) as tf.Tensor);
  const values = await found.data();
  found.dispose();
  return Math.max(...y.map((value, i) => Math.abs(value - values[i]!))) / Math.max(...y.map(Math.abs));
}

describe('files that Keras wrote give what Keras computes', () => {
  it.each([
    ['plain.keras', 'plain', 255],
    ['branches.keras', 'branches', 255],
    ['nested.keras', 'nested', 1],
    ['nested.h5.gz', 'nested', 1],
    ['recurrent.keras', 'recurrent', 1],
    ['../keras2/branches.keras', 'branches', 255],
    ['../keras2/branches.h5.gz', 'branches', 255],
  ])('%s', async (file, name, scale) => {
    const facts = (file.includes('keras2') ? ofKeras2 : outputs)[name]!;
    const model = await loadKerasFile(await bytesOf(file), file);
    expect(await difference(model, facts, scale)).toBeLessThan(1e-5);
    // The classifier takes [0, 1] also where the model divides by 255, and gives what is before the softmax.
    const classifier = await fromLayersModel(model, { bounds: [0, 1] });
    const scores = tf.tidy(() => {
      const logits = classifier.logits(tf.tensor(facts.x, facts.shape));
      const isCut = name !== 'nested';
      const right = tf.tensor2d(facts.y, [3, facts.classes]);
      const found = isCut ? tf.softmax(logits) : logits;
      return [tf.max(tf.abs(tf.sub(found, right))), tf.max(tf.abs(right)), tf.max(tf.sum(logits, 1))];
    });
    const [worst, largest, sum] = await Promise.all(scores.map(async (each) => (await each.data())[0]!));
    expect(worst! / largest!).toBeLessThan(1e-5);
    // Probabilities would sum to 1.
    expect(Math.abs(sum! - 1)).toBeGreaterThan(1e-3);
    tf.dispose(scores);
    classifier.dispose!();
    disposeLayersModel(model);
  });
});

describe('files that are not right', () => {
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  /** The files of plain.keras, some of them others. */
  async function changed(edit: (files: Map<string, Uint8Array>) => void): Promise<Uint8Array> {
    const all = { 'config.json': 1e6, 'metadata.json': 1e6, 'model.weights.h5': 1e6 };
    const files = new Map(await readZip('plain.keras', await bytesOf('plain.keras'), all));
    edit(files);
    return zipOf(files);
  }
  const config = (files: Map<string, Uint8Array>) =>
    JSON.parse(new TextDecoder().decode(files.get('config.json'))) as {
      config: { layers: { config: Record<string, unknown>; class_name: string }[] };
    };

  it('a layer of another name than its weights say', async () => {
    const bytes = await changed((files) => {
      const model = config(files);
      model.config.layers[3]!.config['name'] = 'renamed';
      files.set('config.json', text(model));
    });
    await expect(loadKerasFile(bytes)).rejects.toThrow(/weights of layer 'conv2d' stand where those of 'renamed'/);
  });

  it('a layer without weights, and weights without a layer', async () => {
    const without = await changed((files) => {
      const model = config(files);
      model.config.layers.push(structuredClone(model.config.layers.at(-1)!));
      model.config.layers.at(-1)!.config = { ...model.config.layers.at(-1)!.config, name: 'more', units: 5 };
      files.set('config.json', text(model));
    });
    await expect(loadKerasFile(without)).rejects.toThrow(/layer 'more' has a weight of shape .* the file lacks/);
    const left = await changed((files) => {
      const model = config(files);
      model.config.layers.splice(4, 1);
      files.set('config.json', text(model));
    });
    await expect(loadKerasFile(left)).rejects.toThrow(/weight '.*batch_normalization.*' belongs to no layer/);
  });

  it('a file of weights alone, an archive of something else, and what is none', async () => {
    const all = { 'model.weights.h5': 1e6 };
    const weights = (await readZip('plain', await bytesOf('plain.keras'), all)).get('model.weights.h5')!;
    await expect(loadKerasFile(weights, 'w.h5')).rejects.toThrow(/weights without the layers.*save the whole model/);
    await expect(loadKerasFile(zipOf(new Map([['a', text(1)]])), 'a.keras')).rejects.toThrow(/no \.keras file/);
    await expect(loadKerasFile(text('nothing'))).rejects.toThrow(/neither a \.keras nor an \.h5/);
  });

  const load = async (bytes: Uint8Array): Promise<true> => {
    disposeLayersModel(await loadKerasFile(bytes));
    return true;
  };

  it('words that do not lie one behind the other, in which the HDF5 library would go round for ever', async () => {
    const bytes = await bytesOf('nested.h5.gz');
    const heap = Buffer.from(bytes).indexOf('GCOL');
    bytes.fill(0, heap + 16, heap + 32);
    await expect(loadKerasFile(bytes, 'a.h5')).rejects.toThrow(/a\.h5: words of its weights are damaged/);
  });

  it('leaves no file open, intact or damaged', async () => {
    const { FS } = (await (await import('h5wasm')).ready) as unknown as { FS: { streams: unknown[] } };
    const open = (): number => FS.streams.filter(Boolean).length;
    const bytes = await bytesOf('nested.h5.gz');
    const before = open();
    await load(bytes);
    await expect(load(bytes.subarray(0, 5000))).rejects.toThrow(/ADVROB_MODEL_FILE/);
    expect(open()).toBe(before);
  });

  it('survives damaged files: a model, or one of its errors, and nothing on standard error', async () => {
    const said = vi.spyOn(console, 'error');
    const { accepted, refused } = await surviveMutationsAsync({
      samples: [await bytesOf('plain.keras'), await bytesOf('nested.h5.gz'), await bytesOf('branches.keras')],
      parse: load,
      ...{ seed: 3, count: 300 },
    });
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused)).toContain('ADVROB_MODEL_FILE');
    expect(said).not.toHaveBeenCalled();
    said.mockRestore();
  }, 120_000);

  it('survives damaged topologies behind right checksums', async () => {
    const all = { 'config.json': 1e6, 'metadata.json': 1e6, 'model.weights.h5': 1e6 };
    const files = await readZip('branches.keras', await bytesOf('branches.keras'), all);
    const { accepted, refused } = await surviveMutationsAsync({
      samples: [files.get('config.json')!],
      parse: (bytes) => load(zipOf(new Map([...files, ['config.json', bytes]]))),
      ...{ seed: 4, count: 300 },
    });
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused)).toEqual(['ADVROB_MODEL_FILE']);
  }, 120_000);
});

describe('zip archives', () => {
  const limit = { a: 1000 };
  const content = new Uint8Array(900).fill(7);

  it('give stored and deflated files alike', async () => {
    for (const isDeflated of [false, true])
      expect((await readZip('z', zipOf(new Map([['a', content]]), isDeflated), limit)).get('a')).toEqual(content);
  });

  it('are refused where they lie of sizes, pass the limit, or are damaged', async () => {
    const bomb = zipOf(new Map([['a', new Uint8Array(2_000_000)]]), true);
    await expect(readZip('z', bomb, limit)).rejects.toThrow(/2000000 bytes, more than 1000/);
    const lying = bomb.slice();
    // The size in the list of files, at its own end but the name and the end record.
    new DataView(lying.buffer).setUint32(lying.length - 22 - 1 - 46 + 24, 900, true);
    await expect(readZip('z', lying, limit)).rejects.toThrow(/checksum/);
    const damaged = zipOf(new Map([['a', content]]));
    damaged[40]! ^= 1;
    await expect(readZip('z', damaged, limit)).rejects.toThrow(/checksum/);
    await expect(readZip('z', damaged.subarray(0, 900), limit)).rejects.toThrow(/no end/);
  });
});

/** A zip archive of these files. */
function zipOf(files: ReadonlyMap<string, Uint8Array>, isDeflated = false): Uint8Array {
  const local: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const packed = isDeflated ? deflateRawSync(content) : Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isDeflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    local.push(Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed);
    list.push(Buffer.from('PK\x01\x02\x14\x00'), common, place, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(Buffer.concat(list).length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...local, ...list, end]));
}
