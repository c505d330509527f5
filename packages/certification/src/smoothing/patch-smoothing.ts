import { AdvrobError, defineAnalysis, stopIfAborted, type Classifier } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { rowsAt } from './noise.js';
import { showPixels } from './pixels.js';

const patchOptions = z.strictObject({
  shape: z
    .enum(['column', 'block'])
    .default('column')
    .describe('what of an image is seen: a band of columns, a square'),
  size: z.int().min(1).default(4).describe('width of the band, or side of the square; 2 on MNIST in the paper'),
  theta: z
    .union([z.number().gt(0).max(1), z.null()])
    .default(0.3)
    .describe('a class has a vote where its probability is at least this; null: the most likely one alone'),
  patches: z.array(z.int().min(1)).min(1).default([2, 5]).describe('sides of the square patches certified against'),
  batch: z.int().min(1).default(256).describe('rows of a forward pass'),
});
export type PatchSettings = z.output<typeof patchOptions>;

/** What is known of one example. */
export interface PatchCertificate {
  /** The class with the most votes. */
  readonly prediction: number;
  /** Per side of `patches`: whether no patch of that side changes the class. */
  readonly certified: readonly boolean[];
}

/**
 * De-randomised smoothing: deterministic certificates against any patch of m x m pixels, for the
 * classifier that counts the votes of a model which sees one band or block of the image at a time (all
 * places, around the edge too). A patch meets D = m + s - 1 bands, or D^2 blocks, so class c stays where
 * every other class c' has v_c > v_c' + 2D, or v_c = v_c' + 2D and c < c'.
 *
 * Levine and Feizi 2020, https://arxiv.org/abs/2002.10733, theorem 1. The model should be trained on what
 * it sees here; what it does not see is as in `smoothing` with `ablation`. Not of the model itself.
 *
 * Result: `{ points, findings, tables }`: clean and certified accuracy per side.
 *
 * @throws AdvrobError `ADVROB_CERTIFY` for inputs that are no images [h, w, c].
 * @example
 * ```ts
 * import { patchSmoothing } from '@advrob/certification';
 * const analysis = patchSmoothing({ size: 2, patches: [3, 5] });
 * ```
 */
export const patchSmoothing = defineAnalysis({
  name: 'patch-smoothing',
  summary: 'Deterministic certificates against patches, of votes over bands or blocks of the image.',
  paper:
    'Levine and Feizi 2020, (De)Randomized Smoothing for Certifiable Defense against Patch Attacks, https://arxiv.org/abs/2002.10733',
  roles: ['model'],
  options: patchOptions,
  check({ data }) {
    if (data.inputShape.length !== 3)
      throw new AdvrobError(
        'ADVROB_CERTIFY',
        `patch-smoothing: expected images [h, w, c], got inputs [${data.inputShape.join(', ')}]`,
      );
  },
  async analyze({ models: { model }, data, signal, memo }, options) {
    const { patches, size, shape } = options;
    const counts = { clean: 0, total: 0, certified: patches.map(() => 0) };
    for await (const { x, y, ids } of data.batches({ size: 32 })) {
      const found = await memo(`patch-smoothing ${ids[0]!}`, async () => {
        const labels = await y.data();
        const each = await certifyPatches(model, x, options, signal);
        const right = each.map(({ prediction }, row) => prediction === labels[row]);
        return {
          clean: right.filter(Boolean).length,
          certified: patches.map((_, i) => each.filter(({ certified }, row) => right[row] && certified[i]).length),
        };
      }).finally(() => tf.dispose([x, y]));
      counts.total += ids.length;
      counts.clean += found.clean;
      counts.certified = counts.certified.map((count, i) => count + found.certified[i]!);
    }
    const points = patches.map((patch, i) => ({ patch, certified: counts.certified[i]! / counts.total }));
    const percent = (rate: number): string => `${(100 * rate).toFixed(1)}%`;
    return {
      examples: counts.total,
      clean: counts.clean / counts.total,
      points,
      findings: [
        `The vote over ${shape}s of ${size} is right on ${percent(counts.clean / counts.total)} of ${counts.total} examples; certified against every patch: ${points.map(({ patch, certified }) => `${percent(certified)} of ${patch} x ${patch}`).join(', ')}. Of the vote, not of the model itself.`,
      ],
      tables: [
        {
          id: 'patch-smoothing',
          title: 'Certified accuracy against patches',
          columns: { patch: 'Side of the patch', certified: 'Certified, at least' },
          rows: points,
        },
      ],
    };
  },
});

/** Votes and certificates of images `x` [n, h, w, c], which stay the caller's. */
export async function certifyPatches(
  model: Classifier,
  x: Tensor,
  settings: PatchSettings,
  signal?: AbortSignal,
): Promise<PatchCertificate[]> {
  const [count, height, width] = x.shape as [number, number, number];
  const { shape, size, theta, patches, batch } = settings;
  const positions = shape === 'column' ? width : height * width;
  const votes = Array.from({ length: count }, () => new Int32Array(model.numClasses));
  for (let start = 0; start < count * positions; start += batch) {
    stopIfAborted(signal);
    const places = Array.from({ length: Math.min(batch, count * positions - start) }, (_, i) => start + i);
    const seen = Float32Array.from(places.flatMap((place) => windowAt(place % positions, height, width, shape, size)));
    const chosen = tf.tidy(() => {
      const images = rowsAt(
        x,
        Int32Array.from(places, (place) => Math.floor(place / positions)),
      );
      const probabilities = tf.softmax(model.logits(showPixels(images, seen, model)));
      if (theta !== null) return tf.cast(tf.greaterEqual(probabilities, theta), 'int32');
      return tf.cast(tf.oneHot(tf.argMax(probabilities, 1), model.numClasses), 'int32');
    });
    const values = await chosen.data();
    chosen.dispose();
    places.forEach((place, row) => {
      const own = votes[Math.floor(place / positions)]!;
      for (let label = 0; label < own.length; label++) own[label]! += values[row * own.length + label]!;
    });
  }
  return votes.map((own) => {
    const prediction = own.indexOf(Math.max(...own));
    const certified = patches.map((patch) => {
      const side = patch + size - 1;
      const met = shape === 'column' ? Math.min(side, width) : Math.min(side, height) * Math.min(side, width);
      return own.every((count, other) => {
        const lead = own[prediction]! - count - 2 * met;
        return other === prediction || lead > 0 || (lead === 0 && prediction < other);
      });
    });
    return { prediction, certified };
  });
}

/** 1 for each pixel that is seen at a position. */
function windowAt(position: number, height: number, width: number, shape: string, size: number): number[] {
  const [top, left] = shape === 'column' ? [0, position] : [Math.floor(position / width), position % width];
  const isIn = (place: number, from: number, extent: number): boolean => (place - from + extent) % extent < size;
  return Array.from({ length: height * width }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    return isIn(column, left, width) && (shape === 'column' || isIn(row, top, height)) ? 1 : 0;
  });
}
