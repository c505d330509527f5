import * as z from 'zod';

/** What a record says about data. */
export const dataDescription = z.strictObject({
  name: z.string(),
  /** `test`, `validation` or `train`. */
  split: z.string().optional(),
  length: z.int().min(1),
  hash: z.string(),
  inputShape: z.array(z.int().min(1)),
  numClasses: z.int().min(1),
  bounds: z.tuple([z.number(), z.number()]),
  classNames: z.array(z.string()).optional(),
});
export type DataDescription = z.infer<typeof dataDescription>;
