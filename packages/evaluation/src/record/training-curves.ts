import type { TrainingCurve } from './training-result.js';

/** A line of `metrics.jsonl`, as far as curves are made from it. Lines of other types are left out. */
export type LoggedMetrics =
  | { readonly type: 'metrics'; readonly step: number; readonly loss: Readonly<Record<string, number>> }
  | { readonly type: 'validation'; readonly step: number; readonly metrics: Readonly<Record<string, number>> };

/**
 * Curves out of the log of a training run: every named loss term over training, every validation metric.
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
