import * as z from 'zod';
import { defaultMaxPixels } from '../pictures/picture.js';

const extent = z.int().min(1);
const size = z.union([extent, z.tuple([extent, extent])]).optional();

/** What may be done to every picture of a data set, in the order in which it is done. */
export const pictureOptions = {
  orientation: z
    .enum(['upright', 'stored'])
    .default('upright')
    .describe("Turned as the EXIF entry says, or as stored in the file, as torchvision's and Keras' loaders leave it"),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .optional()
    .describe('1 for grey, 3 for colour; default what the first picture has'),
  resize: size.describe("As torchvision's Resize: length of the shorter side, or [height, width]"),
  interpolation: z.enum(['bilinear', 'bicubic']).default('bilinear').describe('Of resize, with antialias'),
  resizeAs: z
    .enum(['uint8', 'float32'])
    .default('uint8')
    .describe('What is resized: bytes, as a PIL picture, or floats, as a tensor with antialias=True'),
  crop: size.describe("As torchvision's CenterCrop: side of a square, or [height, width]"),
  maxPixels: z.int().min(1).default(defaultMaxPixels).describe('Most pixels of a picture that is opened'),
};
