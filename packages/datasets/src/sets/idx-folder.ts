import { AdvrobError, type Dataset } from '@advrob/core';
import { checkSha256 } from '../files/checksum.js';
import { findFile } from '../files/find-file.js';
import { readBytes } from '../files/read-bytes.js';
import { idxDataset } from './idx-images.js';

/** Names of the files that MNIST and the data sets made in its image consist of. */
type MnistFile = `${'train' | 't10k'}-${'images-idx3' | 'labels-idx1'}-ubyte`;

export interface IdxFolder {
  readonly name: string;
  readonly directory: string;
  readonly maxBytes: number;
  /** SHA-256 (hex) that each file must have after decompression. */
  readonly checksums?: Readonly<Record<MnistFile, string>>;
  readonly classNames?: readonly string[];
}

/**
 * The training and test part of a folder laid out like MNIST: 28x28 images of 10 classes in four IDX files, gzipped or not.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING`, `ADVROB_DATA_CHECKSUM`, and those of the IDX reader.
 */
export async function loadIdxFolder(folder: IdxFolder): Promise<{ train: Dataset; test: Dataset }> {
  return { train: await loadPart(folder, 'train'), test: await loadPart(folder, 't10k') };
}

async function loadPart(folder: IdxFolder, prefix: 'train' | 't10k'): Promise<Dataset> {
  const { name, classNames } = folder;
  const images = await loadFile(folder, `${prefix}-images-idx3-ubyte`);
  const labels = await loadFile(folder, `${prefix}-labels-idx1-ubyte`);
  const part = idxDataset({ name, images, labels, numClasses: 10, classNames });
  if (part.inputShape.join() !== '28,28,1')
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected images of 28x28x1 in ${folder.directory}, found ${part.inputShape.join('x')}: read other IDX files with the data set 'idx'`,
    );
  return part;
}

async function loadFile({ directory, maxBytes, checksums }: IdxFolder, file: MnistFile): Promise<Uint8Array> {
  const path = await findFile(directory, file);
  const bytes = await readBytes(path, maxBytes);
  if (checksums !== undefined) checkSha256(bytes, checksums[file], path);
  return bytes;
}
