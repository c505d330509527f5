import type { Dataset } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { createHash } from 'node:crypto';
import { readCapped } from '../files/read-bytes.js';
import { sourceDataset } from '../examples/source-dataset.js';
import { parsePng, type PngImage } from '../formats/png.js';
import type { ClassFolder } from './list-classes.js';

/** Pictures on disk, one folder per class. */
export interface PictureFolder {
  readonly name: string;
  readonly classes: readonly ClassFolder[];
  readonly maxBytes: number;
  /** What every picture must be; default what the first one is. */
  readonly shape?: readonly [height: number, width: number, channels: number];
}

/** Files read at once while the folder is checked. */
const atOnce = 32;

/**
 * A data set over PNG files that stay on disk: every file is read once here, to be checked and hashed, and again when a batch needs it, so memory
 * does not grow with their number. Grey pictures in a set of coloured ones get three equal channels.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when a picture has another size, and as {@link parsePng}.
 */
export async function folderDataset({ name, classes, maxBytes, shape }: PictureFolder): Promise<Dataset> {
  const files = classes.flatMap(({ files: paths }) => paths);
  const labels = classes.flatMap(({ files: paths }, label) => paths.map(() => label));
  const inputShape = shape ?? shapeOf(parsePng(await readCapped(files[0]!, maxBytes), maxBytes, files[0]));
  const picture = async (path: string): Promise<{ bytes: Uint8Array; image: PngImage }> => {
    const bytes = await readCapped(path, maxBytes);
    const image = parsePng(bytes, maxBytes, path);
    checkShape(image, inputShape, path);
    return { bytes, image };
  };
  const digest = createHash('sha256').update(JSON.stringify({ inputShape, labels }));
  for (let start = 0; start < files.length; start += atOnce) {
    const checked = await Promise.all(files.slice(start, start + atOnce).map(picture));
    for (const { bytes } of checked) digest.update(createHash('sha256').update(bytes).digest());
  }
  const hash = digest.digest('hex');
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  return sourceDataset({
    name,
    labels,
    inputShape,
    numClasses: classes.length,
    classNames: classes.map((each) => each.name),
    bounds: [0, 1],
    async read(ids, target) {
      const images = await Promise.all(Array.from(ids, (id) => picture(files[id]!)));
      images.forEach(({ image }, row) => writeUnit(image, inputShape[2], target, row * size));
    },
    digest: () => hash,
  });
}

function shapeOf({ height, width, channels }: PngImage): [number, number, number] {
  return [height, width, channels];
}

function checkShape(image: PngImage, [height, width, channels]: readonly number[], path: string): void {
  if (image.height === height && image.width === width && image.channels <= channels!) return;
  throw new AdvrobError(
    'ADVROB_SHAPE',
    `${path}: expected ${height}x${width}x${channels}, as the first training picture has, found ${shapeOf(image).join('x')}: bring all pictures to one size and colour`,
  );
}

/** Samples as numbers in [0, 1]; a grey picture fills every channel. */
function writeUnit({ data, channels, most }: PngImage, wanted: number, target: Float32Array, start: number): void {
  const copies = wanted / channels;
  for (let i = 0; i < data.length; i++)
    for (let copy = 0; copy < copies; copy++) target[start + i * copies + copy] = data[i]! / most;
}
