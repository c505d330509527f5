import { expect, it } from 'vitest';
import { orientationOf } from './exif.js';

/** A TIFF directory with entries [tag, value], of either byte order. */
function exif(isLittle: boolean, entries: readonly (readonly [tag: number, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(10 + 12 * entries.length));
  view.setUint16(0, isLittle ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, isLittle);
  view.setUint32(4, 8, isLittle);
  view.setUint16(8, entries.length, isLittle);
  entries.forEach(([tag, value], i) => {
    view.setUint16(10 + 12 * i, tag, isLittle);
    view.setUint16(12 + 12 * i, 3, isLittle);
    view.setUint32(14 + 12 * i, 1, isLittle);
    view.setUint16(18 + 12 * i, value, isLittle);
  });
  return new Uint8Array(view.buffer);
}

it.each([true, false])('finds the orientation in either byte order (little-endian: %s)', (isLittle) => {
  for (let value = 1; value <= 8; value++)
    expect(
      orientationOf(
        exif(isLittle, [
          [0x010f, 5],
          [0x0112, value],
        ]),
      ),
    ).toBe(value);
});

it('takes a picture for upright where the block says nothing or nonsense', () => {
  const good = exif(true, [[0x0112, 6]]);
  for (const value of [0, 9, 65_535]) expect(orientationOf(exif(true, [[0x0112, value]]))).toBe(1);
  for (let length = 0; length < good.length; length++) expect(orientationOf(good.subarray(0, length))).toBe(1);
  expect(orientationOf(good.with(4, 200))).toBe(1);
  expect(orientationOf(good.with(2, 43))).toBe(1);
  expect(orientationOf(exif(true, [[0x0100, 6]]))).toBe(1);
});
