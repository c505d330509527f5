import { brightness } from './kinds/brightness.js';
import { contrast } from './kinds/contrast.js';
import { defocusBlur } from './kinds/defocus-blur.js';
import { elasticTransform } from './kinds/elastic-transform.js';
import { fog } from './kinds/fog.js';
import { frost } from './kinds/frost.js';
import { gaussianNoise } from './kinds/gaussian-noise.js';
import { glassBlur } from './kinds/glass-blur.js';
import { impulseNoise } from './kinds/impulse-noise.js';
import { jpegCompression } from './kinds/jpeg-compression.js';
import { motionBlur } from './kinds/motion-blur.js';
import { pixelate } from './kinds/pixelate.js';
import { shotNoise } from './kinds/shot-noise.js';
import { snow } from './kinds/snow.js';
import { zoomBlur } from './kinds/zoom-blur.js';

/** The 15 common corruptions by the names of CIFAR-10-C's files, with hyphens. */
export const corruptionKinds = {
  'gaussian-noise': gaussianNoise,
  'shot-noise': shotNoise,
  'impulse-noise': impulseNoise,
  'defocus-blur': defocusBlur,
  'glass-blur': glassBlur,
  'motion-blur': motionBlur,
  'zoom-blur': zoomBlur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  'elastic-transform': elasticTransform,
  pixelate,
  'jpeg-compression': jpegCompression,
};

export type CorruptionName = keyof typeof corruptionKinds;

/** Names of the 15 common corruptions, in the order of the paper's tables. */
export const corruptionNames = Object.keys(corruptionKinds) as CorruptionName[];
