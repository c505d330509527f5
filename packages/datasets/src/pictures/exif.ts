import type { DecodedPicture, Orientation } from './picture.js';

/** How the camera was held, as an EXIF block (a TIFF file) says; 1, upright, where it does not. */
export function orientationOf(exif: Uint8Array): Orientation {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.length);
  const isLittle = exif[0] === 0x49 && exif[1] === 0x49;
  if (exif.length < 14 || !(isLittle || (exif[0] === 0x4d && exif[1] === 0x4d))) return 1;
  const directory = view.getUint32(4, isLittle);
  if (view.getUint16(2, isLittle) !== 42 || directory + 2 > exif.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > exif.length) return 1;
    if (view.getUint16(entry, isLittle) !== orientationTag) continue;
    const value = view.getUint16(entry + 8, isLittle);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

const orientationTag = 0x0112;

/** Whether width and height change places. */
export function isSideways(orientation: Orientation): boolean {
  return orientation >= 5;
}

/**
 * The picture as a viewer shows it: rows and columns of the stored one are mirrored and exchanged
 * as the EXIF tag says, the same as Pillow's `ImageOps.exif_transpose`.
 */
export function turned(picture: DecodedPicture, orientation: Orientation): DecodedPicture {
  if (orientation === 1) return picture;
  const { width, height, channels, data } = picture;
  const [wide, high] = isSideways(orientation) ? [height, width] : [width, height];
  const result = data.slice();
  for (let row = 0; row < high; row++)
    for (let column = 0; column < wide; column++) {
      const [y, x] = storedAt(orientation, row, column, height, width);
      for (let channel = 0; channel < channels; channel++)
        result[(row * wide + column) * channels + channel] = data[(y * width + x) * channels + channel]!;
    }
  return { ...picture, width: wide, height: high, data: result };
}

/** Row and column of the stored picture that are seen at `row` and `column`. */
function storedAt(
  orientation: Orientation,
  row: number,
  column: number,
  height: number,
  width: number,
): readonly [row: number, column: number] {
  switch (orientation) {
    case 1:
      return [row, column];
    case 2:
      return [row, width - 1 - column];
    case 3:
      return [height - 1 - row, width - 1 - column];
    case 4:
      return [height - 1 - row, column];
    case 5:
      return [column, row];
    case 6:
      return [height - 1 - column, row];
    case 7:
      return [height - 1 - column, width - 1 - row];
    case 8:
      return [column, width - 1 - row];
  }
}
