import {
  AdvrobError,
  defineDataset,
  settle,
  type Batch,
  type BatchOptions,
  type Dataset,
  type Extras,
} from '@advrob/core';
import { createRowRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { innerDataset, mapSplits } from '../from/inner-dataset.js';
import { corruptionKinds, corruptionNames, type CorruptionName } from './catalogue.js';
import { countOf, type Corruption, type Draws, type PictureSize, type Scale } from './corruption.js';

export interface CorruptedOptions {
  readonly corruption: CorruptionName;
  /** From 1 to 5. Default 3. */
  readonly severity?: number | undefined;
  /**
   * Of all random numbers; what an example gets depends on it, on the corruption, the severity and
   * the example's id alone. Default 0.
   */
  readonly seed?: number | undefined;
  /**
   * Parameters of CIFAR-10-C (`small`) or of ImageNet-C (`large`). Default `small` for images whose
   * shorter side is below 128 pixels.
   */
  readonly scale?: Scale | undefined;
}

/** Changes whenever an image would come out otherwise; part of the hash. */
const version = 1;

/**
 * A data set whose images are corrupted when a batch asks for them (Hendrycks and Dietterich 2019,
 * *Benchmarking Neural Network Robustness to Common Corruptions and Perturbations*,
 * https://arxiv.org/abs/1903.12261): 15 corruptions at 5 severities. Images come out in whole
 * levels of 0 to 255, divided by 255. Labels, ids and order are those of `data`.
 *
 * @throws AdvrobError `ADVROB_OPTION` for an unknown corruption or a severity out of range,
 *   `ADVROB_SHAPE` unless inputs are [height, width, 1 or 3], `ADVROB_BOUNDS` unless they are in
 *   [0, 1].
 * @example
 * ```ts
 * import { corrupted, mnist } from '@advrob/datasets';
 * const { test } = await mnist();
 * const foggy = corrupted(test, { corruption: 'fog', severity: 3, seed: 0 });
 * ```
 */
export function corrupted<E extends Extras>(data: Dataset<E>, options: CorruptedOptions): Dataset<E> {
  const { corruption, severity = 3, seed = 0 } = options;
  const size = sizeOf(data);
  const scale = options.scale ?? (Math.min(size.height, size.width) < 128 ? 'small' : 'large');
  const kind = Object.hasOwn(corruptionKinds, corruption) ? corruptionKinds[corruption] : undefined;
  if (kind === undefined || !isSeverity(severity))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `corrupted: expected a severity from 1 to 5 and one of ${Object.keys(corruptionKinds).join(', ')}, got ${severity} and '${corruption}'`,
    );
  const scope = `corruption/${corruption}/${severity}/${scale}`;
  const change = { corruption: kind(severity, scale), size, scope, seed };
  return changed(data, change);
}

/**
 * {@link corrupted} by name, for configs: the test part of another data set is corrupted, and the
 * other parts too where `parts` says so.
 *
 * Options: `dataset`, another data set with its options; `corruption`; `severity` 1 to 5 (default
 * 3); `seed` (default 0); `scale` (`small` or `large`; default by the size of the images); `parts`
 * (`test`, default, or `all`).
 *
 * @throws AdvrobError as {@link corrupted}.
 * @example
 * ```ts
 * import { corruptedData, mnist } from '@advrob/datasets';
 * const data = corruptedData({ dataset: mnist(), corruption: 'motion-blur', severity: 5 });
 * const { test } = await data;
 * ```
 */
export const corruptedData = defineDataset({
  name: 'corrupted',
  summary: `Another data set under one of the ${corruptionNames.length} common corruptions, at a severity from 1 to 5.`,
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
  load: ({ dataset, parts, ...options }) =>
    mapSplits(dataset, (part, name) => (name === 'test' || parts === 'all' ? corrupted(part, options) : part)),
});

interface Change {
  readonly corruption: Corruption;
  readonly size: PictureSize;
  readonly scope: string;
  readonly seed: number;
}

function changed<E extends Extras>(data: Dataset<E>, change: Change): Dataset<E> {
  const { name, length, inputShape, numClasses, bounds, classNames } = data;
  return {
    name,
    length,
    inputShape,
    numClasses,
    bounds,
    ...(classNames === undefined ? {} : { classNames }),
    get hash() {
      const made = JSON.stringify({ of: data.hash, scope: change.scope, seed: change.seed, version });
      return createHash('sha256').update(made).digest('hex');
    },
    batches: (options) => changedBatches(data, options, change),
    subset: (positions) => changed(data.subset(positions), change),
    take: (count) => changed(data.take(count), change),
    withExtras: (extras) => changed(data.withExtras(extras), change),
  };
}

function changedBatches<E extends Extras>(
  data: Dataset<E>,
  options: BatchOptions,
  change: Change,
): AsyncIterable<Batch<E>> {
  // Asked for here, so that wrong options throw where they are given.
  const batches = data.batches(options);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches) yield await changedBatch(batch, change);
    },
  };
}

async function changedBatch<E extends Extras>(
  batch: Batch<E>,
  { corruption, size, scope, seed }: Change,
): Promise<Batch<E>> {
  const { x, ids } = batch;
  const given = await x.data();
  x.dispose();
  const count = countOf(size);
  const rows = await drawRows(corruption, size, { seed, ids, scope });
  const values = new Float32Array(given.length);
  for (let row = 0; row < ids.length; row++) {
    const picture = { ...size, values: Float64Array.from(given.subarray(row * count, (row + 1) * count)) };
    const levels = corruption.apply(picture, rows(row));
    for (let i = 0; i < count; i++) values[row * count + i] = Math.floor(Math.min(Math.max(levels[i]!, 0), 255)) / 255;
  }
  return { ...batch, x: tf.tensor(values, x.shape) };
}

/** What each row of a batch draws: a function from the row to its numbers. */
async function drawRows(
  corruption: Corruption,
  size: PictureSize,
  of: { readonly seed: number; readonly ids: Int32Array; readonly scope: string },
): Promise<(row: number) => Draws> {
  const random = createRowRandom(of);
  const drawn: [name: string, count: number, values: Float32Array][] = [];
  for (const [name, { kind, count }] of Object.entries(corruption.draws(size))) {
    const tensor = kind === 'normal' ? random.normal(name, [count]) : random.uniform(name, [count], 0, 1);
    await settle(tensor);
    drawn.push([name, count, (await tensor.data()) as Float32Array]);
    tensor.dispose();
  }
  return (row) =>
    Object.fromEntries(drawn.map(([name, count, values]) => [name, values.subarray(row * count, (row + 1) * count)]));
}

function sizeOf({ name, inputShape, bounds }: Dataset<Extras>): PictureSize {
  const [height, width, channels] = inputShape;
  if (inputShape.length !== 3 || (channels !== 1 && channels !== 3))
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `corrupted: expected images [height, width, 1 or 3], got inputs [${inputShape.join(', ')}] of '${name}'`,
    );
  if (bounds[0] !== 0 || bounds[1] !== 1)
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `corrupted: expected images in [0, 1], got bounds [${bounds.join(', ')}] of '${name}'`,
    );
  return { height: height!, width: width!, channels };
}

function isSeverity(severity: number): severity is 1 | 2 | 3 | 4 | 5 {
  return [1, 2, 3, 4, 5].includes(severity);
}
