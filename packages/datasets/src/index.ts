import { definePlugin } from '@advrob/core';
import { mnist } from './sets/mnist.js';

export { imageDataset, type ImageBytes } from './images/image-dataset.js';
export { parseIdx, type IdxArray, type IdxData } from './formats/idx.js';
export { mnist };

export default definePlugin({ name: '@advrob/datasets', contract: 1, datasets: { mnist } });
