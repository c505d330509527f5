import { surviveMutations } from '@advrob/core/testing';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fileBytes } from '../../test/test-files.js';
import { parseMat } from './mat.js';

const header = Buffer.alloc(128, 32);
header.set([0, 1, 0x49, 0x4d], 124);

/** An element of a type with its bytes; compressed ones are not padded. */
function element(type: number, data: Uint8Array): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  return Buffer.concat([tag, data, Buffer.alloc(type === 15 ? 0 : (8 - (data.length % 8)) % 8)]);
}
const compressed = (data: Uint8Array): Buffer => element(15, deflateSync(data));
const file = (...elements: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat([header, ...elements]));
/** A variable of `count` numbers of one byte; type 1 is signed and read as doubles. */
function variable(name: string, count: number, type = 2): Buffer {
  const dimensions = Buffer.alloc(8);
  dimensions.writeInt32LE(1, 0);
  dimensions.writeInt32LE(count, 4);
  const flags = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0);
  const parts = [
    element(6, flags),
    element(5, dimensions),
    element(1, Buffer.from(name)),
    element(type, Buffer.alloc(count)),
  ];
  return element(14, Buffer.concat(parts));
}

describe('limits', () => {
  it('hold for all variables together', () => {
    const one = compressed(variable('a', 60_000));
    expect([...parseMat(file(one), 100_000).keys()]).toEqual(['a']);
    expect(() => parseMat(file(one, compressed(variable('b', 60_000))), 100_000)).toThrow('ADVROB_DATA_TOO_LARGE');
    expect(() => parseMat(file(variable('a', 60_000, 1)), 100_000)).toThrow('ADVROB_DATA_TOO_LARGE');
  });

  it('hold for compressed elements in compressed ones, which the format does not have', () => {
    let deep: Uint8Array = variable('a', 8);
    for (let i = 0; i < 6000; i++) deep = element(15, deflateSync(deep, { level: 0 }));
    expect([...parseMat(file(deep), 1e9).keys()]).toEqual([]);
    const many = Buffer.concat(Array.from({ length: 200 }, () => compressed(element(1, Buffer.alloc(1e6)))));
    expect([...parseMat(file(compressed(many)), 1e6).keys()]).toEqual([]);
  });

  it('hold for the number of elements and dimensions', () => {
    const many = Buffer.alloc(8 * 300_000);
    for (let at = 0; at < many.length; at += 8) many.writeUInt32LE(1, at);
    expect([...parseMat(file(many, variable('a', 8)), 1e6).keys()]).toEqual(['a']);
    const parts = [element(6, Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0)), element(5, Buffer.alloc(4000))];
    const wide = element(14, Buffer.concat([...parts, element(1, Buffer.from('a')), element(2, Buffer.alloc(0))]));
    expect(() => parseMat(file(wide), 1e6)).toThrow(/32 dimensions.*ADVROB_DATA_FORMAT/);
  });
});

describe('svhn', () => {
  it('survives 5,000 damaged files', { timeout: 300_000 }, async () => {
    const samples = await Promise.all(['svhn/train_32x32.mat', 'svhn/test_32x32.mat'].map(fileBytes));
    const { accepted, refused } = surviveMutations({
      samples,
      parse: (bytes) => parseMat(bytes, 100_000),
      seed: 1,
      count: 5000,
      allocated: () => process.memoryUsage().arrayBuffers,
      allowance: (bytes) => 4 * bytes.length + 2 ** 20,
    });
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused)).toEqual(
      expect.arrayContaining(['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_CHECKSUM']),
    );
  });
});
