import * as z from 'zod';

/** Options of a recipe that trains with momentum SGD, with the weight decay of its paper as default. */
export function sgdShape(weightDecay: number) {
  return {
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD'),
    weightDecay: z.number().min(0).default(weightDecay).describe('L2 penalty added to the gradient'),
  };
}
