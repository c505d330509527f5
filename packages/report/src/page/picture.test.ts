import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../test/support/png-chunks.js';
import { changeUri, pictureFormat, pictureUri } from './picture.js';

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
