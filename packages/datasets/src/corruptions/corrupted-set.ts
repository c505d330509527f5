import { defineDataset } from '@advrob/core';
import * as z from 'zod';
import { innerDataset, mapSplits } from '../sets/inner-dataset.js';
import { corrupted } from './corrupted.js';
import { corruptionNames } from './kinds.js';

/**
 * {@link corrupted} by name, for configs: the test part of another data set is corrupted, and the other parts too where `parts` says so.
 *
 * Options: `dataset`, another data set with its options; `corruption`; `severity` 1 to 5 (default 3); `seed` (default 0); `scale` (`small` or `large`; default by the
 * size of the images); `parts` (`test`, default, or `all`).
 *
 * @throws AdvrobError as {@link corrupted}.
 * @example
 * ```ts
 * import { corruptedData, mnist } from '@advrob/datasets';
 * const { test } = await corruptedData({ dataset: mnist(), corruption: 'motion-blur', severity: 5 });
 * ```
 */
export const corruptedData = defineDataset({
  name: 'corrupted',
  summary: 'Another data set under one of the 15 common corruptions, at a severity from 1 to 5.',
  paper: 'Hendrycks, Dietterich 2019, https://arxiv.org/abs/1903.12261',
  options: z.strictObject({
    dataset: innerDataset,
    corruption: z.enum(corruptionNames).describe('which one'),
    severity: z.int().min(1).max(5).default(3).describe('from 1 to 5'),
    seed: z.int().min(0).default(0).describe('of all random numbers'),
    scale: z
      .enum(['small', 'large'])
      .optional()
      .describe('parameters of CIFAR-10-C or of ImageNet-C; default small for images below 128 pixels'),
    parts: z.enum(['test', 'all']).default('test').describe('what is corrupted'),
  }),
  load: ({ dataset, parts, scale, ...options }) =>
    mapSplits(dataset, (part, name) =>
      name === 'test' || parts === 'all' ? corrupted(part, { ...options, ...(scale && { scale }) }) : part,
    ),
});
