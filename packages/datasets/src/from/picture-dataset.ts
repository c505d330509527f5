import { AdvrobError, type Dataset } from '@advrob/core';
import { createHash } from 'node:crypto';
import { sourceDataset } from '../batches/source-dataset.js';
import { parsePng, type PngImage } from '../formats/png.js';

/** Labelled pictures that are decoded when a batch needs them. */
export interface Pictures {
  readonly name: string;
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly classNames?: readonly string[] | undefined;
  /** The PNG file at a position. */
  bytesOf(position: number): Uint8Array | Promise<Uint8Array>;
  /** What it is called in messages. */
  nameOf(position: number): string;
  /** Largest size of one picture's plain pixels. */
  readonly maxBytes: number;
  /** What every picture must be; default what the first one is. */
  readonly shape?: readonly [height: number, width: number, channels: number] | undefined;
}

/** Pictures read at once while all are checked. */
const atOnce = 32;

/**
 * A data set over PNG files: each is read once here, to be checked and hashed, and again when a
 * batch needs it, so memory does not grow with their number. Grey pictures in a set of coloured
 * ones get three equal channels.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY` without pictures, `ADVROB_SHAPE` when a picture has
 *   another size, and as {@link parsePng}.
 */
export async function pictureDataset(pictures: Pictures): Promise<Dataset> {
  const { name, labels, numClasses, classNames, maxBytes } = pictures;
  const parse = async (position: number) => {
    const bytes = await pictures.bytesOf(position);
    return { bytes, image: parsePng(bytes, maxBytes, pictures.nameOf(position)) };
  };
  if (labels.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `${name}: expected at least one picture`);
  const inputShape = pictures.shape ?? shapeOf((await parse(0)).image);
  const checked = async (position: number) => {
    const picture = await parse(position);
    checkShape(picture.image, inputShape, pictures.nameOf(position));
    return picture;
  };
  const positions = Int32Array.from(labels, (_, position) => position);
  const digest = createHash('sha256').update(JSON.stringify({ inputShape, labels }));
  for (let start = 0; start < labels.length; start += atOnce)
    for (const { bytes } of await Promise.all(Array.from(positions.subarray(start, start + atOnce), checked)))
      digest.update(createHash('sha256').update(bytes).digest());
  const hash = digest.digest('hex');
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  return sourceDataset({
    name,
    labels,
    inputShape,
    numClasses,
    classNames,
    bounds: [0, 1],
    async read(ids, target) {
      const read = await Promise.all(Array.from(ids, checked));
      read.forEach(({ image }, row) => writeUnit(image, inputShape[2], target, row * size));
    },
    digest: () => hash,
  });
}

function shapeOf({ height, width, channels }: PngImage): [number, number, number] {
  return [height, width, channels];
}

function checkShape(image: PngImage, [height, width, channels]: readonly number[], name: string): void {
  if (image.height === height && image.width === width && image.channels <= channels!) return;
  throw new AdvrobError(
    'ADVROB_SHAPE',
    `${name}: expected ${height}x${width}x${channels}, as the first training picture has, found ${shapeOf(image).join('x')}: bring all pictures to one size and colour`,
  );
}

/** Samples as numbers in [0, 1]; a grey picture fills every channel. */
function writeUnit({ data, channels, most }: PngImage, wanted: number, target: Float32Array, start: number): void {
  const copies = wanted / channels;
  for (let i = 0; i < data.length; i++)
    for (let copy = 0; copy < copies; copy++) target[start + i * copies + copy] = data[i]! / most;
}
