import { defineTrainer } from '@advrob/core';
import { ema, pgdAt, sgd } from '@advrob/training';
import * as z from 'zod';

/**
 * PGD adversarial training with an exponential average of the weights. Replace this with your recipe: a trainer names an objective, an optimizer and what
 * belongs to them; whoever uses it may replace each part.
 *
 * @example
 * ```ts
 * await fit({ model, data, ...__identifier__(), attack: pgd({ steps: 7 }), threat: { norm: 'linf', epsilon: 0.1 }, epochs: 5 });
 * ```
 */
export const __identifier__ = defineTrainer({
  name: '__name__',
  summary: 'PGD-AT with an exponential average of the weights.',
  options: z.strictObject({
    momentum: z.number().min(0).max(1).default(0.9),
    decay: z.number().min(0).max(1).default(0.99).describe('of the average, each step'),
  }),
  create: ({ momentum, decay }) => ({
    objective: pgdAt(),
    optimizer: sgd({ momentum }),
    averager: ema({ decay }),
    learningRate: 0.05,
    schedule: { name: 'cosine' },
  }),
});
