import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { survivesDamage } from '../../test/damaged.js';
import { idxSamples } from '../../test/example-files.js';
import { gunzip, isGzip } from './gzip.js';

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
const file = new Uint8Array(gzipSync(content));

describe('gunzip', () => {
  it('gives back what was compressed', () => {
    expect([isGzip(file), isGzip(content)]).toEqual([true, false]);
    expect(Array.from(gunzip(file, 5000))).toEqual(Array.from(content));
  });

  it('stops at the limit, whatever the trailer says', () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    bomb.set([1, 0, 0, 0], bomb.length - 4);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => gunzip(bomb, 100_000, 'bomb.gz')).toThrow(
      expect.objectContaining({ code: 'ADVROB_DATA_TOO_LARGE', message: expect.stringContaining('bomb.gz') }),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it.each([
    ['a truncated file', file.subarray(0, file.length >> 1)],
    ['a missing trailer', file.subarray(0, -8)],
    ['a wrong checksum', Uint8Array.from(file, (byte, i) => (i === file.length - 6 ? byte ^ 1 : byte))],
    ['a wrong size', Uint8Array.from(file, (byte, i) => (i === file.length - 4 ? byte ^ 1 : byte))],
    ['another method', Uint8Array.from(file, (byte, i) => (i === 2 ? 7 : byte))],
  ])('refuses %s', (_, bytes) => {
    expect(() => gunzip(bytes, 10_000)).toThrow(expect.objectContaining({ code: 'ADVROB_DATA_GZIP' }));
  });
});

const unpackedLimit = 4096;
/** Node cuts small buffers out of pools of 8 kB, which it allocates when the last one is used up. */
const bufferPools = 32 * 1024;

survivesDamage('gunzip', {
  samples: [Buffer.from(idxSamples[0]!), Buffer.alloc(500, 'advrob'), Buffer.alloc(unpackedLimit)].map(
    (packed) => new Uint8Array(gzipSync(packed)),
  ),
  parse: (bytes) => gunzip(bytes, unpackedLimit),
  // Blocks up to the limit, and all of them once more in one piece.
  fixed: bufferPools + 2 * unpackedLimit,
  codes: ['ADVROB_DATA_GZIP'],
});
