import { measuredData, type RecordedModel, type RunRecord } from '@advrob/evaluation';
import { table } from './table.js';

/** One column of the table: its title and what a model shows there. */
interface Column {
  readonly title: string;
  readonly cell: (model: RecordedModel) => string;
}

/** What of a record is shown. */
interface Detail {
  /** All radii of each attack, or the largest alone. */
  readonly allRadii: boolean;
  /** Digits after the point of the intervals; undefined leaves them out. */
  readonly intervalDigits?: number;
}

/** From all to little. */
const details: readonly Detail[] = [
  { allRadii: true, intervalDigits: 1 },
  { allRadii: false, intervalDigits: 1 },
  { allRadii: false, intervalDigits: 0 },
  { allRadii: false },
];

/**
 * Clean and robust accuracy of every model with 95% intervals, per attack and epsilon, and in the worst case; the median smallest distance where an attack looked
 * for it; and what training took. Where that is too wide, smaller radii go, then digits of the intervals, then the intervals; the report has all.
 *
 * @param width - Characters in a line. Default: the terminal's, and any number in a pipe.
 */
export function recordTable(record: RunRecord, width = process.stdout.columns ?? Infinity): string {
  const tables = details.map((detail) => tableOf(record, detail));
  const { name, split = '', length } = measuredData(record);
  const fitting = tables.find((text) => text.split('\n').every((line) => line.length <= width));
  return `${name} ${split}, ${length} images:\n${fitting ?? tables.at(-1)!}`;
}

function tableOf(record: RunRecord, detail: Detail): string {
  // An attack without a bound measures distances and decides nothing.
  const isJudged = record.models.some(({ worstCase }) => worstCase.length > 0);
  const columns: Column[] = [
    { title: 'model', cell: ({ name }) => name },
    ...gradientColumn(record),
    { title: 'clean', cell: ({ clean }) => share(clean, detail) },
    ...record.models[0]!.attacks.flatMap((attack) => columnsOf(attack, detail)),
    ...(isJudged ? [{ title: 'worst case', cell: ({ robust }: RecordedModel) => share(robust, detail) }] : []),
  ];
  if (record.models.some(({ note }) => note !== undefined))
    columns.push({ title: 'note', cell: ({ note }) => note ?? '' });
  const rows = record.models.map((model) => columns.map(({ cell }) => cell(model)));
  return table([columns.map(({ title }) => title), ...rows]);
}

/** Models that were trained without an attack take none. */
function gradientColumn({ models }: RunRecord): Column[] {
  if (models.every(({ training }) => training?.adversarialGradients === undefined)) return [];
  const cell = ({ training }: RecordedModel): string => String(training?.adversarialGradients ?? (training ? 0 : '–'));
  return [{ title: 'adv. gradients', cell }];
}

function columnsOf({ label, norm, points, minimal }: RecordedModel['attacks'][number], detail: Detail): Column[] {
  const own = (model: RecordedModel) => model.attacks.find((attack) => attack.label === label);
  const shown = detail.allRadii ? points : points.slice(-1);
  const atRadii = shown.map(({ epsilon }) => ({
    title: `${label} ${norm} ${Number(epsilon.toPrecision(3))}`,
    cell: (model: RecordedModel): string => {
      const point = own(model)?.points.find((other) => other.epsilon === epsilon);
      return point ? share(point.robust, detail) : '–';
    },
  }));
  if (minimal === undefined) return atRadii;
  const median = (model: RecordedModel): string => String(own(model)?.minimal?.median?.toPrecision(3) ?? '–');
  return [...atRadii, { title: `${label} ${norm}, median distance`, cell: median }];
}

function share({ rate, interval }: RecordedModel['clean'], { intervalDigits }: Detail): string {
  if (intervalDigits === undefined) return `${(100 * rate).toFixed(1)}%`;
  const [low, high] = interval.map((bound) => (100 * bound).toFixed(intervalDigits));
  return `${(100 * rate).toFixed(1)}% [${low}, ${high}]`;
}
