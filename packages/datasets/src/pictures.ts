/**
 * Pictures from PNG, JPEG and WebP files, prepared as torchvision prepares them. Uses no Node API:
 * in a browser too.
 *
 * @packageDocumentation
 */
export { decodePicture, type PictureOptions } from './pictures/decode-picture.js';
export { encodePng } from './pictures/png.js';
export type { DecodedPicture, PictureLimits } from './pictures/picture.js';
export type { Preparation } from './pictures/prepare.js';
export type { Interpolation } from './pictures/resample.js';
