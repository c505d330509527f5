import fc from 'fast-check';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../test/support/png-chunks.js';
import { encodePng } from './png.js';

describe('PNG', () => {
  it('holds the pixels', () => {
    const pictures = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(1, 3) as fc.Arbitrary<1 | 3>,
    );
    fc.assert(
      fc.property(
        pictures.chain(([w, h, c]) =>
          fc.tuple(fc.constant([w, h, c] as const), fc.uint8Array({ minLength: w * h * c, maxLength: w * h * c })),
        ),
        ([[width, height, channels], pixels]) => {
          const chunks = chunksOf(encodePng(pixels, width, height, channels));
          expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
          const header = chunks.get('IHDR')!;
          expect([header.readUInt32BE(0), header.readUInt32BE(4), header[8], header[9]]).toEqual([
            width,
            height,
            8,
            channels === 1 ? 0 : 2,
          ]);
          const lines = inflateSync(chunks.get('IDAT')!);
          const stride = width * channels + 1;
          const found = Array.from({ length: height }, (_, row) => [
            ...lines.subarray(row * stride + 1, (row + 1) * stride),
          ]).flat();
          expect(found).toEqual([...pixels]);
        },
      ),
    );
  });

  it('has the check sums of the standard', () => {
    // The empty end chunk and its check sum are the same in every PNG.
    const png = encodePng(Uint8Array.of(0), 1, 1, 1);
    expect(Buffer.from(png.slice(-12)).toString('hex')).toBe('0000000049454e44ae426082');
  });
});
