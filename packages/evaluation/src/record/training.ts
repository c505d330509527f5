import * as z from 'zod';

/** How a model came about. Seconds are not in here but under the record's `timing`. */
export const trainingResult = z.strictObject({
  /** The trainer or objective, with the parts named beside it, e.g. `pgd-at with entropy-sgd`. */
  method: z.string(),
  steps: z.int().min(0),
  seed: z.int().min(0),
  /**
   * Gradients with respect to the input taken in search of adversarial examples, one per example
   * and step; left out where there are none.
   */
  adversarialGradients: z.int().min(0).optional(),
  /** Those of them that were not finite and counted as zero; left out where all were finite. */
  notFiniteGradients: z.int().min(1).optional(),
  /** Hash of the training data and their selection. */
  dataHash: z.string().optional(),
  curves: z.array(
    z.strictObject({
      /** E.g. `total` or `robustAccuracy`. */
      name: z.string().min(1),
      /** `accuracy`: a share, 0 to 1. */
      kind: z.enum(['loss', 'accuracy', 'other']),
      /** Measured on training batches, or on validation data. */
      on: z.enum(['training', 'validation']),
      /** Step and value. */
      points: z.array(z.tuple([z.int().min(0), z.number()])),
    }),
  ),
});
export type TrainingResult = z.infer<typeof trainingResult>;
export type TrainingCurve = TrainingResult['curves'][number];

/**
 * A line of `metrics.jsonl`, as far as curves are made from it. Lines of other types are left out.
 */
export type LoggedMetrics =
  | { readonly type: 'metrics'; readonly step: number; readonly loss: Readonly<Record<string, number>> }
  | { readonly type: 'validation'; readonly step: number; readonly metrics: Readonly<Record<string, number>> };

/**
 * Curves out of the log of a training run: every named loss term over training, every validation
 * metric.
 *
 * @param most - Points kept per curve: neighbours are averaged when there are more. Default 400.
 */
export function trainingCurves(lines: readonly LoggedMetrics[], most = 400): TrainingCurve[] {
  const curves = new Map<string, TrainingCurve>();
  const add = (on: TrainingCurve['on'], step: number, values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values)) {
      if (!Number.isFinite(value)) continue;
      const key = `${on} ${name}`;
      if (!curves.has(key)) curves.set(key, { name, kind: kindOf(name, on), on, points: [] });
      curves.get(key)!.points.push([step, value]);
    }
  };
  for (const line of lines) {
    if (line.type === 'metrics') add('training', line.step, line.loss);
    else if (line.type === 'validation') add('validation', line.step, line.metrics);
  }
  return [...curves.values()].map((curve) => ({ ...curve, points: thin(curve.points, most) }));
}

function kindOf(name: string, on: TrainingCurve['on']): TrainingCurve['kind'] {
  if (/accuracy|robust|clean/i.test(name) && !/loss/i.test(name)) return 'accuracy';
  return on === 'training' || /loss|entropy/i.test(name) ? 'loss' : 'other';
}

/** Means of equal groups of neighbours, at the last step of each group. */
function thin(points: TrainingCurve['points'], most: number): TrainingCurve['points'] {
  const group = Math.ceil(points.length / most);
  if (group <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / group) }, (_, i) => {
    const part = points.slice(i * group, (i + 1) * group);
    return [part.at(-1)![0], part.reduce((sum, [, value]) => sum + value, 0) / part.length];
  });
}
