import type { Dataset } from '@advrob/core';
import { readCapped } from '../files/read-bytes.js';
import type { ClassFolder } from './list-classes.js';
import { pictureDataset, type Pictures } from './picture-dataset.js';

/** Pictures on disk, one folder per class. */
export interface PictureFolder extends Pick<Pictures, 'name' | 'maxBytes' | 'shape'> {
  readonly classes: readonly ClassFolder[];
}

/** A data set over PNG files that stay on disk. @throws AdvrobError as {@link pictureDataset}. */
export function folderDataset({ classes, ...common }: PictureFolder): Promise<Dataset> {
  const files = classes.flatMap((each) => each.files);
  return pictureDataset({
    ...common,
    labels: classes.flatMap((each, label) => each.files.map(() => label)),
    numClasses: classes.length,
    classNames: classes.map(({ name }) => name),
    bytesOf: (position) => readCapped(files[position]!, common.maxBytes),
    nameOf: (position) => files[position]!,
  });
}
