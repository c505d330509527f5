import * as z from 'zod';
import { defaultMaxBytes } from '../files/read-bytes.js';

/** Options that every data set read from files has. */
export const validationOption = z
  .int()
  .min(0)
  .optional()
  .describe('Examples held out of train for validation; default a tenth of train, at most 5000');

export const seedOption = z.int().min(0).default(0).describe('Chooses which training examples are held out');

export const maxBytesOption = z
  .int()
  .min(1)
  .default(defaultMaxBytes)
  .describe('Largest file accepted, in bytes, also after decompression');
