import { surviveMutationsAsync } from '@advrob/core/testing';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import expected from '../../test/files/pictures.json' with { type: 'json' };
import { refused } from '../../test/example-files.js';
import { fileBytes } from '../../test/test-files.js';
import { decodePicture, openPicture, type PictureOptions } from './decode-picture.js';

interface Packed {
  readonly shape: readonly number[];
  readonly data: string;
}
const bytesOf = ({ data }: Packed) => new Uint8Array(Buffer.from(data, 'base64'));
const floatsOf = (packed: Packed) => new Float32Array(bytesOf(packed).buffer);

/** Largest distance of two lists of the same length. */
function largest(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  let most = 0;
  for (let i = 0; i < wanted.length; i++) most = Math.max(most, Math.abs(found[i]! - wanted[i]!));
  return most;
}

const read = async (file: string, options?: PictureOptions) =>
  decodePicture(await fileBytes(`pictures/${file}`), options, file);

describe('against Pillow and torchvision', () => {
  it.each(Object.entries(expected.decoded))(
    '%s: the levels that Pillow decodes, to the last one',
    async (file, wanted) => {
      const { height, width, channels, data, most } = await read(file);
      expect([height, width, channels]).toEqual([...wanted.shape, 1].slice(0, 3));
      expect(most).toBe(255);
      expect(largest(data, bytesOf(wanted))).toBe(0);
    },
  );

  it.each(Object.entries(expected.turned))('%s: upright as ImageOps.exif_transpose turns it', async (file, wanted) => {
    const { height, width, data } = await read(file);
    expect([height, width, 3]).toEqual(wanted.shape);
    expect(largest(data, bytesOf(wanted))).toBe(0);
    expect((await read(file, { orientation: 'stored' })).width).toBe(11);
  });

  it.each(expected.prepared.map(({ uint8, float32, ...how }) => [JSON.stringify(how), how, uint8, float32] as const))(
    '%s: PIL pictures to the last level, float tensors to a millionth',
    async (_, { file, ...how }, uint8, float32) => {
      const options = how as PictureOptions;
      const bytes = await read(file, options);
      expect([bytes.height, bytes.width, bytes.channels]).toEqual(uint8.shape);
      expect(bytes.data).toBeInstanceOf(Uint8Array);
      expect(largest(bytes.data, bytesOf(uint8))).toBe(0);
      const floats = await read(file, { ...options, resizeAs: 'float32' });
      expect(
        largest(
          Float32Array.from(floats.data, (level) => level / 255),
          floatsOf(float32),
        ),
      ).toBeLessThan(2e-6);
    },
  );
});

it('turns grey pictures into colours by three equal channels', async () => {
  const [grey, colour] = [await read('grey.png'), await read('grey.png', { channels: 3 })];
  expect(colour.channels).toBe(3);
  expect([...colour.data].filter((_, i) => i % 3 === 2)).toEqual([...grey.data]);
});

it('resizes samples of 16 bits without rounding them', async () => {
  const data = Uint16Array.of(0, 65_535, 1000, 3001);
  const picture = encode({ width: 2, height: 2, channels: 1, depth: 16, data });
  const { data: mean, most } = await decodePicture(picture, { resize: 1 });
  // Half of either side: the mean of the four.
  expect([...mean, most]).toEqual([17_384, 65_535]);
});

describe('files that are not what they should be', () => {
  const jpeg = () => fileBytes('pictures/420.jpg');
  const fails = async (bytes: Uint8Array, code: string, ...says: string[]) =>
    expect(async () => decodePicture(bytes, {}, 'x')).rejects.toThrow(refused(code, ...says));

  it('names other kinds of pictures, and what to do with them', async () => {
    await fails(Buffer.from('GIF89a...'), 'ADVROB_DATA_FORMAT', 'a GIF picture: convert it to PNG');
    await fails(Buffer.from('\0\0\0\x18ftypheic'), 'ADVROB_DATA_FORMAT', 'a HEIC picture');
    await fails(new Uint8Array(), 'ADVROB_DATA_FORMAT', 'an empty file');
    await fails(await fileBytes('pictures/cmyk.jpg'), 'ADVROB_DATA_FORMAT', 'found CMYK: convert it to RGB');
    await fails(await fileBytes('pictures/transparent.webp'), 'ADVROB_DATA_FORMAT', 'transparent');
  });

  it('refuses what ends early, however little is missing', async () => {
    const [whole, webp] = [await jpeg(), await fileBytes('pictures/lossy.webp')];
    for (const missing of [1, 2, 100, 1000]) {
      await fails(whole.subarray(0, -missing), 'ADVROB_DATA_TRUNCATED');
      await fails(webp.subarray(0, -missing), 'ADVROB_DATA_TRUNCATED');
    }
    // Without the last of the coded data, but with the end mark.
    await fails(Buffer.concat([whole.subarray(0, -200), whole.subarray(-2)]), 'ADVROB_DATA_CHECKSUM', 'premature end');
    await decodePicture(Buffer.concat([whole, Buffer.from('a thumbnail of some camera')]));
  });

  it('decodes the next file after one that broke the decoder', async () => {
    const [whole, broken] = [await jpeg(), Buffer.from(await jpeg())];
    // A frame that asks for a table of quantisation which is not there.
    broken[broken.indexOf(Buffer.of(0xff, 0xc0)) + 12] = 3;
    await fails(broken, 'ADVROB_DATA_CHECKSUM', 'Quantization table');
    expect((await decodePicture(whole)).width).toBe(53);
  });

  it('believes no head: limits hold before anything is decoded', async () => {
    const huge = Buffer.from(await jpeg());
    const frame = huge.indexOf(Buffer.of(0xff, 0xc0));
    huge.writeUInt16BE(65_000, frame + 5);
    huge.writeUInt16BE(65_000, frame + 7);
    await fails(huge, 'ADVROB_DATA_TOO_LARGE', '65000x65000', 'maxPixels');
    for (const file of ['420.jpg', 'lossless.webp', 'colour.png']) {
      const bytes = await fileBytes(`pictures/${file}`);
      expect(() => openPicture(bytes, { maxPixels: 37 * 53 - 1 })).toThrow(
        refused('ADVROB_DATA_TOO_LARGE', 'maxPixels'),
      );
      expect(() => openPicture(bytes, { maxBytes: 37 * 53 * 3 - 1 })).toThrow(
        refused('ADVROB_DATA_TOO_LARGE', 'maxBytes'),
      );
      expect(openPicture(bytes, { maxPixels: 37 * 53, maxBytes: 37 * (53 * 3 + 1) }).size).toEqual([37, 53]);
    }
    const scan = huge.indexOf(Buffer.of(0xff, 0xda));
    const scans = Buffer.concat([
      await jpeg().then((bytes) => bytes.subarray(0, scan)),
      ...Array.from({ length: 501 }, () => huge.subarray(scan, scan + 14)),
      Buffer.of(0xff, 0xd9),
    ]);
    await fails(scans, 'ADVROB_DATA_FORMAT', 'more than 500 scans');
  });

  it('survives damaged files', { timeout: 120_000 }, async () => {
    const samples = await Promise.all(
      ['turned-6.jpg', 'progressive.jpg', 'turned.webp', 'lossy.webp'].map((name) => fileBytes(`pictures/${name}`)),
    );
    const { accepted, refused: codes } = await surviveMutationsAsync({
      samples,
      parse: (bytes) => decodePicture(bytes, { maxPixels: 1e4, resize: 4 }),
      seed: 7,
      count: 300,
      allocated: () => 0,
      allowance: () => 1,
    });
    expect(accepted).toBeGreaterThan(0);
    const known = ['FORMAT', 'TRUNCATED', 'CHECKSUM', 'TOO_LARGE'].map((end) => `ADVROB_DATA_${end}`);
    expect(Object.keys(codes).filter((code) => !known.includes(code))).toEqual([]);
    expect(Object.keys(codes)).toEqual(expect.arrayContaining(known));
  });
});
