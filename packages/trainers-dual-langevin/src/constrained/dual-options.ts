import * as z from 'zod';

/** Options of every primal-dual objective, with the defaults of the authors' code. */
export const dualFields = {
  rho: z
    .number()
    .min(0)
    .default(0.1)
    .describe('what the constrained loss may be at most, in nats of cross-entropy; ln(classes) is chance level'),
  dualStep: z
    .number()
    .min(0)
    .default(0.001)
    .describe('step of the dual variable; 0 fixes the weight. Short runs need more, e.g. 0.02'),
  nu: z.number().min(0).default(1).describe('dual variable at the start: the weight of the constrained loss'),
  maxNu: z
    .number()
    .positive()
    .optional()
    .describe('largest dual variable; left out: none, so that it grows on while rho is not met'),
};

export const dualOptions = z.strictObject(dualFields);

export type DualOptions = z.output<typeof dualOptions>;
