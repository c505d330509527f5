import type { ModelComparison, PairedComparison } from '@advrob/evaluation';
import { percent } from './progress.js';
import { table } from './table.js';

/** One model against another, a line per measure. */
export function comparisonTable({ first, second, comparisons, skipped }: ModelComparison): string {
  const rows = comparisons.map(({ first: own, second: other, difference, test, ...about }) => [
    measure(about),
    percent(own.rate, 1),
    percent(other.rate, 1),
    `${points(difference.difference)} [${difference.interval.map(points).join(', ')}]`,
    test.pValue < 0.001 ? '< 0.001' : test.pValue.toFixed(3),
  ]);
  const examples = comparisons[0]?.first.total ?? 0;
  return [
    table([[`${first} against ${second} (${examples} examples)`, first, second, 'difference', 'p'], ...rows]),
    ...skipped.map((why) => `not compared: ${why}`),
  ].join('\n');
}

function measure({
  kind,
  attack,
  norm,
  epsilon,
}: Pick<PairedComparison, 'kind' | 'attack' | 'norm' | 'epsilon'>): string {
  if (kind === 'clean') return 'clean';
  const threat = `${norm} ${Number(epsilon!.toPrecision(3))}`;
  return kind === 'attack' ? `${attack} ${threat}` : `worst case ${threat}`;
}

/** `+1.2`, in percentage points. */
function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share > 0 && text !== '0.0' ? `+${text}` : text === '-0.0' ? '0.0' : text;
}
