import * as z from 'zod';

/** A share of examples with its Wilson 95% interval. */
export const proportion = z.strictObject({
  count: z.int().min(0),
  total: z.int().min(0),
  rate: z.number().min(0).max(1),
  interval: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
});
