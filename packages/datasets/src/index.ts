import { definePlugin } from '@advrob/core';
import { corruptedData } from './corruptions/corrupted.js';
import { idx } from './from/idx.js';
import { imageFolder } from './from/image-folder.js';
import { npz } from './from/npz.js';
import { parquet } from './from/parquet.js';
import { cifar10, cifar100 } from './sets/cifar.js';
import { fashionMnist } from './sets/fashion-mnist.js';
import { mnist } from './sets/mnist.js';
import { svhn } from './sets/svhn.js';
import { deadPixels } from './subspaces/dead-pixels.js';
import { principalComponentData } from './subspaces/principal-components.js';
import { chess } from './synthetic/chess.js';
import { diagonal } from './synthetic/diagonal.js';
import { subspace } from './synthetic/subspace-points.js';

export { arrayDataset, type NumberArrays } from './from/array-dataset.js';
export { corrupted, type CorruptedOptions } from './corruptions/corrupted.js';
export { corruptionNames, type CorruptionName } from './corruptions/catalogue.js';
export { download, type Download } from './from/download.js';
export { parseCifar10, type LabelledImages } from './formats/cifar.js';
export { parseCifar100, type Cifar100Images } from './formats/cifar.js';
export { gunzip } from './formats/gzip.js';
export { parseIdx, type IdxArray, type IdxData } from './formats/idx.js';
export { parseMat, type MatArray } from './formats/mat.js';
export { type NpyData, type NpyType } from './formats/npy.js';
export { parseNpy, type NpyArray } from './formats/npy.js';
export { readNpz } from './formats/npz.js';
export { imageDataset, type ImageBytes } from './from/image-dataset.js';
export { splitValidation, type ValidationChoice } from './from/options.js';
export { deadInputs } from './subspaces/dead-pixels.js';
export { principalComponents } from './subspaces/principal-components.js';
export { projected } from './subspaces/projected.js';
export { randomSubspace } from './subspaces/subspace.js';
export { complementDimension, projectAway, projectOnto, spanOf, withoutInputs } from './subspaces/subspace.js';
export type { AxisSubspace, BasisSubspace, Subspace } from './subspaces/subspace.js';
export { chessPoints, chessSubspace } from './synthetic/chess.js';
export { diagonalPoints, diagonalSubspace } from './synthetic/diagonal.js';
export type { Points } from './synthetic/points.js';
export { subspacePoints, type SubspacePointsOptions } from './synthetic/subspace-points.js';
export { chess, corruptedData, deadPixels, diagonal, principalComponentData, subspace };
export { cifar10, cifar100, fashionMnist, idx, imageFolder, mnist, npz, parquet, svhn };

/** The plugin object for `createRegistry`. */
export default definePlugin({
  name: '@advrob/datasets',
  contract: 1,
  datasets: {
    mnist,
    'fashion-mnist': fashionMnist,
    idx,
    cifar10,
    cifar100,
    npz,
    'image-folder': imageFolder,
    parquet,
    svhn,
    corrupted: corruptedData,
    diagonal,
    chess,
    subspace,
    'dead-pixels': deadPixels,
    'principal-components': principalComponentData,
  },
});
