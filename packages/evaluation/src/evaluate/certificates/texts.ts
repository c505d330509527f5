import type { ModelResult } from '../../record/model-result.js';
import type { Proportion } from '../../statistics/proportion.js';

/**
 * What certifiers have shown of a model, in sentences for a reader of a record: robust accuracy between
 * its two bounds, then each certifier with what its certificates hold for. None without certifiers.
 */
export function certificateTexts({
  bounds = [],
  certificates = [],
}: Pick<ModelResult, 'bounds' | 'certificates'>): string[] {
  return [
    ...bounds.flatMap(({ norm, points }) =>
      points.map(
        ({ epsilon, certified, attacked, open }) =>
          `robust accuracy in ${norm} at ${short(epsilon)}: at least ${percent(certified.rate)} (certified), at most ${percent(attacked.rate)} (attacked); ${open} of ${certified.total} examples are open`,
      ),
    ),
    ...certificates.flatMap(textsOf),
  ];
}

function textsOf({
  label,
  norm,
  statement,
  points,
  radii,
  meanPasses,
}: NonNullable<ModelResult['certificates']>[number]) {
  const of = statement.of === 'model' ? '' : ` (of the ${statement.of} classifier)`;
  return [
    ...points.map(
      ({ epsilon, certified, atLeast, falsified, open }) =>
        `${label}${of} in ${norm} at ${short(epsilon)}: certified ${share(certified)}${atLeast === undefined ? '' : `; rightly so at least ${percent(atLeast)}, with a probability of 0.999`}; ${falsified} falsified, ${open} open`,
    ),
    ...(radii && radii.average !== null
      ? [`${label}${of} in ${norm}: average certified radius at least ${short(radii.average)}`]
      : []),
    `${label}: ${Math.round(meanPasses)} forward passes an example. ${statement.text}`,
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)}%`;
}

function share({ rate, total, interval: [low, high] }: Proportion): string {
  return `${percent(rate)} of ${total} [${percent(low)}, ${percent(high)}]`;
}
