import fc from 'fast-check';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { csvOf } from '../figures/figure.js';
import { colours } from './colours.js';
import type { Theme } from './colours.js';
import { countText, durationText, epsilonText, settingsText } from '../format.js';
import { changeUri, pictureFormat, pictureUri } from './picture.js';
import { encodePng } from './png.js';
import { html } from './html.js';

/** The chunks of a PNG by name. */
function chunksOf(png: Uint8Array): Map<string, Buffer> {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.subarray(at + 4, at + 8).toString('latin1'), bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
    expect(at).toBeLessThanOrEqual(bytes.length);
  }
  return chunks;
}

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

describe('pictures', () => {
  const pixelsOf = (uri: string): number[] => {
    const chunks = chunksOf(Buffer.from(uri.split(',')[1]!, 'base64'));
    return [...inflateSync(chunks.get('IDAT')!)];
  };
  it('maps the bounds to black and white', () => {
    const format = pictureFormat([1, 3, 1], [-1, 1])!;
    expect(pixelsOf(pictureUri(Float32Array.of(-1, 0, 1), format))).toEqual([0, 0, 128, 255]);
    expect(pixelsOf(changeUri(Float32Array.of(0, 0, 0), Float32Array.of(-0.5, 0, 0.25), format, 2))).toEqual([
      0, 0, 128, 191,
    ]);
  });
  it('knows what is a picture', () => {
    expect(pictureFormat([28, 28], [0, 1])).toMatchObject({ channels: 1 });
    expect(pictureFormat([32, 32, 3], [0, 1])).toMatchObject({ channels: 3, width: 32 });
    for (const shape of [[784], [28, 28, 2], [4, 4, 3, 1], []]) expect(pictureFormat(shape, [0, 1])).toBeUndefined();
  });
});

describe('text', () => {
  it('is escaped for elements and attributes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(html`${text}`.html).not.toMatch(/[<>"'`]/);
      }),
    );
    expect(html`<p title="${'a"b'}">${[html`<b>${'&'}</b>`]}${false}${undefined}${3}</p>`.html).toBe(
      '<p title="a&#34;b"><b>&#38;</b>3</p>',
    );
  });
  it('writes numbers as people do', () => {
    expect([0.3, 8 / 255, 0.031, 2, 1 / 3].map(epsilonText)).toEqual(['0.3', '8/255', '0.031', '2', '85/255']);
    expect([999, 1000, 1234567].map(countText)).toEqual(['999', '1,000', '1,234,567']);
    expect([1.23, 61, 3700].map(durationText)).toEqual(['1.2 s', '1 min 1 s', '1 h 1 min']);
    expect(settingsText({ steps: 3, a: [1], b: null })).toBe('steps 3, a [1], b null');
  });
  it('quotes CSV', () => {
    const rows = [{ a: 'x,"y"\n', b: 0.1 }];
    expect(csvOf({ columns: { a: 'A', b: 'B', c: 'C' }, rows })).toBe('a,b,c\r\n"x,""y""\n",0.1,\r\n');
  });
});

describe('contrast', () => {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };
  it.each(Object.keys(colours) as Theme[])('%s: text 4.5 to 1 (WCAG 1.4.3), graphics 3 to 1 (1.4.11)', (theme) => {
    const { paper, panel, ink, quiet, link, good, bad, series } = colours[theme];
    for (const text of [ink, quiet, link, good, bad])
      for (const ground of [paper, panel]) expect(contrast(text, ground)).toBeGreaterThan(4.5);
    for (const colour of series) expect(contrast(colour, paper)).toBeGreaterThan(3);
  });
});
