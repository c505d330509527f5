import { surviveMutations } from '@advrob/core/testing';
import { encode } from 'fast-png';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import expected from '../../test/files/png.json' with { type: 'json' };
import { fileBytes } from '../../test/test-files.js';
import { encodePng, openPng } from './png.js';

const limit = 1e6;
const parsePng = (bytes: Uint8Array, maxBytes: number) => openPng(bytes, { maxBytes }).decode();

function code(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

it('writes what it reads', () => {
  const colour = { width: 2, height: 1, channels: 3, most: 255, data: Uint8Array.of(1, 2, 3, 250, 251, 255) } as const;
  const grey16 = { width: 1, height: 2, channels: 1, most: 65_535, data: Uint16Array.of(3, 65_535) } as const;
  for (const picture of [colour, grey16]) expect(parsePng(encodePng(picture), limit)).toEqual(picture);
  expect(code(() => encodePng({ ...colour, width: 3 }))).toBe('ADVROB_SHAPE');
});

describe('openPng', () => {
  it.each(Object.entries(expected))('reads what Pillow saved: %s', async (name, { shape, data }) => {
    const image = parsePng(await fileBytes(`png/${name}.png`), limit);
    expect([image.height, image.width, image.channels]).toEqual([...shape, 1].slice(0, 3));
    expect(Array.from(image.data)).toEqual(data);
    expect(image.most).toBe(name === 'grey16' ? 65_535 : 255);
  });

  it('refuses transparent pictures, other files, and pictures above the limit', async () => {
    const holes = await fileBytes('png/holes.png');
    expect(code(() => parsePng(holes, limit))).toBe('ADVROB_DATA_FORMAT');
    expect(code(() => parsePng(Uint8Array.of(1, 2, 3), limit))).toBe('ADVROB_DATA_FORMAT');
    const colour = await fileBytes('png/colour.png');
    expect(code(() => parsePng(colour, 75))).toBe('ADVROB_DATA_TOO_LARGE');
    expect(code(() => parsePng(colour, 76))).toBeUndefined();
  });

  it('refuses a small picture whose compressed pixels are a bomb', () => {
    const small = encode({ width: 2, height: 2, channels: 1, depth: 8, data: new Uint8Array(4) });
    const inflated = 2e7;
    const bomb = deflateSync(new Uint8Array(inflated));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bomb.length);
    const file = Buffer.concat([
      small.subarray(0, 33),
      length,
      Buffer.from('IDAT'),
      bomb,
      Buffer.alloc(4),
      small.subarray(-12),
    ]);
    expect(code(() => parsePng(file, limit))).toBe('ADVROB_DATA_OVERSIZED');
  });

  it('refuses pixels that inflate beyond the size in the header', () => {
    const plain = encode({ width: 200, height: 200, channels: 1, depth: 8, data: new Uint8Array(40_000) });
    const inflated = 2e7;
    const bomb = deflateSync(new Uint8Array(inflated));
    expect(bomb.length).toBeLessThan(40_000);
    const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from('IDAT'), bomb, Buffer.alloc(4)]);
    chunk.writeUInt32BE(bomb.length);
    const file = Buffer.concat([plain.subarray(0, 33), chunk, plain.subarray(-12)]);
    const before = process.memoryUsage().arrayBuffers;
    expect(code(() => parsePng(file, 1e5))).toBe('ADVROB_DATA_OVERSIZED');
    // What is inflated in parts, with the buffers of the parts before, until it is too much.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(inflated / 5);
  });

  it('survives 5,000 damaged files', { timeout: 300_000 }, async () => {
    const samples = await Promise.all(
      ['grey', 'palette', 'opaque', 'grey16'].map((name) => fileBytes(`png/${name}.png`)),
    );
    const { accepted, refused } = surviveMutations({
      samples,
      parse: (bytes) => parsePng(bytes, limit),
      seed: 5,
      count: 5000,
      allocated: () => process.memoryUsage().arrayBuffers,
      allowance: (bytes) => 4 * bytes.length + limit,
    });
    expect(accepted).toBeGreaterThan(0);
    const codes = ['FORMAT', 'TRUNCATED', 'CHECKSUM', 'TOO_LARGE', 'OVERSIZED'].map((end) => `ADVROB_DATA_${end}`);
    expect(Object.keys(refused).filter((code) => !codes.includes(code))).toEqual([]);
    expect(Object.keys(refused)).toEqual(expect.arrayContaining(codes.slice(0, 4)));
  });
});
