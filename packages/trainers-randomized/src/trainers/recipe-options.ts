import * as z from 'zod';

export const attackSteps = z.int().min(1).default(10).describe('steps of PGD, each of 2.5 epsilon / steps');

/** Options of the recipes' SGD. */
export const sgdFields = {
  momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD'),
  weightDecay: z.number().min(0).default(5e-4).describe('L2 penalty added to the gradient'),
};
