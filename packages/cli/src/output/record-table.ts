import type { RunRecord } from '@advrob/evaluation';
import { table } from './table.js';

/** Clean and robust accuracy of every model with 95% intervals, per attack and epsilon, and in the worst case. */
export function recordTable(record: RunRecord): string {
  const columns = record.models[0]!.attacks.flatMap(({ label, norm, points }) =>
    points.map(({ epsilon }, i) => ({ label, i, title: `${label} ${norm} ${Number(epsilon.toPrecision(3))}` })),
  );
  const header = [
    `model (${record.data.name} ${record.data.split ?? ''}, ${record.data.length} images)`,
    'clean',
    ...columns.map(({ title }) => title),
    'worst case',
  ];
  const rows = record.models.map((model) => [
    model.name,
    share(model.clean),
    ...columns.map(({ label, i }) => {
      const point = model.attacks.find((attack) => attack.label === label)?.points[i];
      return point ? share(point.robust) : '–';
    }),
    share(model.robust),
  ]);
  return table([header, ...rows]);
}

function share({ rate, interval }: { rate: number; interval: readonly number[] }): string {
  const [low, high] = interval.map((bound) => (100 * bound).toFixed(1));
  return `${(100 * rate).toFixed(1)}% [${low}, ${high}]`;
}
