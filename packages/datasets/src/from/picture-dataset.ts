import { AdvrobError, type Dataset } from '@advrob/core';
import { createHash } from 'node:crypto';
import { sourceDataset } from '../batches/source-dataset.js';
import { openPicture, type PictureOptions, type ReadyPicture } from '../pictures/decode-picture.js';
import type { DecodedPicture } from '../pictures/picture.js';

/** Labelled pictures that are decoded when a batch needs them. */
export interface Pictures {
  readonly name: string;
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly classNames?: readonly string[] | undefined;
  /** The file at a position: PNG, JPEG or WebP. */
  bytesOf(position: number): Uint8Array | Promise<Uint8Array>;
  /** What it is called in messages. */
  nameOf(position: number): string;
  /** What is done to each. */
  readonly options: PictureOptions;
  /** What every picture must be in the end; default what the first one is. */
  readonly shape?: readonly [height: number, width: number, channels: number] | undefined;
}

/** Pictures read at once while the heads of all are checked. */
const atOnce = 32;

/** Bytes of decoded pictures that are kept: what a command looks at several times. */
const keptBytes = 2 ** 25;

/**
 * A data set over picture files: the head of each is read here, to be checked and hashed, and all
 * of it again when a batch needs it. The first few (32 MiB as decoded) are kept, no more, so memory
 * does not grow with their number. Grey pictures in a
 * set of coloured ones get three equal channels. The first picture is decoded at once, since what
 * is wrong with one is often wrong with all.
 *
 * @throws AdvrobError `ADVROB_DATA_EMPTY` without pictures, `ADVROB_SHAPE` when a picture has
 *   another size, and as `openPicture`.
 */
export async function pictureDataset(pictures: Pictures): Promise<Dataset> {
  const { name, labels, numClasses, classNames, options } = pictures;
  const open = async (position: number) => {
    const bytes = await pictures.bytesOf(position);
    return { bytes, picture: openPicture(bytes, options, pictures.nameOf(position)) };
  };
  if (labels.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `${name}: expected at least one picture`);
  const kept = new Map<number, DecodedPicture>();
  let room = keptBytes;
  const decoded = async (position: number, picture: ReadyPicture): Promise<DecodedPicture> => {
    const made = kept.get(position) ?? (await picture.decode());
    if (!kept.has(position) && made.data.byteLength <= room) {
      kept.set(position, made);
      room -= made.data.byteLength;
    }
    return made;
  };
  const first = (await open(0)).picture;
  await decoded(0, first);
  const inputShape = pictures.shape ?? ([...first.size, options.channels ?? first.channels] as const);
  const checked = async (position: number) => {
    const opened = await open(position);
    const { size, channels } = opened.picture;
    checkShape([...size, options.channels ?? channels], inputShape, pictures.nameOf(position));
    return opened;
  };
  const positions = Int32Array.from(labels, (_, position) => position);
  const digest = createHash('sha256').update(JSON.stringify({ inputShape, labels, ...changes(options) }));
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
      await Promise.all(
        Array.from(ids, async (id, row) => {
          const made = kept.get(id) ?? (await decoded(id, (await checked(id)).picture));
          writeUnit(made, inputShape[2], target, row * size);
        }),
      );
    },
    digest: () => hash,
  });
}

/** What of the options changes pixels: files alone do not say it. */
function changes({ orientation, resize, interpolation, resizeAs, crop, channels }: PictureOptions): object {
  const resizing = resize === undefined ? {} : { resize, interpolation, resizeAs };
  return { ...resizing, crop, channels, ...(orientation === 'stored' && { orientation }) };
}

function checkShape(found: readonly number[], wanted: readonly number[], name: string): void {
  const [height, width, channels] = wanted;
  const isSize = found[0] === height && found[1] === width;
  if (isSize && found[2]! <= channels!) return;
  const remedy = isSize
    ? 'set the option channels to 3 (or 1)'
    : 'bring all to one size with the options resize and crop, such as resize: 256 and crop: 224';
  throw new AdvrobError(
    'ADVROB_SHAPE',
    `${name}: expected ${wanted.join('x')}, as the first picture has, found ${found.join('x')}: ${remedy}`,
  );
}

/**
 * Samples as numbers in [0, 1]; a grey picture fills every channel. Bicubic floats that overshoot
 * are cut.
 */
function writeUnit(
  { data, channels, most }: DecodedPicture,
  wanted: number,
  target: Float32Array,
  start: number,
): void {
  const copies = wanted / channels;
  for (let i = 0; i < data.length; i++) {
    const value = Math.min(Math.max(data[i]! / most, 0), 1);
    for (let copy = 0; copy < copies; copy++) target[start + i * copies + copy] = value;
  }
}
