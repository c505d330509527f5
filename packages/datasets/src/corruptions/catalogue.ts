import { defocusBlur, glassBlur, motionBlur, zoomBlur } from './blur.js';
import { contrast, elasticTransform, jpegCompression, pixelate } from './digital.js';
import { gaussianNoise, impulseNoise, shotNoise } from './noise.js';
import { brightness, fog, frost, snow } from './weather.js';

/**
 * The 15 common corruptions by the names of CIFAR-10-C's files, with hyphens. Options, tests and
 * lists go by this table: a corruption is added here and in the file of its family.
 */
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

/** Their names, in the order of the paper's tables. */
export const corruptionNames = Object.keys(corruptionKinds) as CorruptionName[];
