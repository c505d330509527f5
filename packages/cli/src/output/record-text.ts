import { measuredData, type RecordedModel, type RunRecord } from '@advrob/evaluation';
import { certificateTexts } from '@advrob/evaluation/certificates';
import { modelCheckName } from '../experiment/model-check.js';
import { inLine, table, warningTexts } from './terminal.js';

/**
 * A record for a terminal, in paragraphs: the table of its models, certificates, warnings, findings of the checks, what
 * became of saved examples, and what the analyses found.
 */
export function recordText(record: RunRecord): string[] {
  const paragraphs = [
    certified(record),
    warned(record),
    findings(record),
    notFinite(record),
    saved(record),
    ...record.analyses.map(analysed),
  ];
  return [
    ...(record.models.length > 0 ? [recordTable(record)] : []),
    ...paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.map(inLine).join('\n')),
  ];
}

/** Without sentences of its own an analysis has its tables and figures in the report. */
function analysed({ id, models, findings: sentences, tables, figures }: RunRecord['analyses'][number]): string[] {
  const names = [...new Set(Object.values(models).map(({ name }) => name))];
  const elsewhere = `${tables.length} tables and ${figures.length} figures are in the report`;
  return [
    `Analysis ${id}${names.length > 0 ? ` of ${names.join(', ')}` : ''}:`,
    ...(sentences.length > 0 ? sentences : [elsewhere]).map((sentence) => `  ${sentence}`),
  ];
}

/** What certifiers have shown, and the two bounds. */
function certified({ models }: RunRecord): string[] {
  const lines = models.flatMap((model) => certificateTexts(model).map((text) => `  ${model.name}, ${text}`));
  return lines.length === 0 ? [] : ['Certificates:', ...lines];
}

function warned({ warnings }: RunRecord): string[] {
  return warnings.length === 0 ? [] : ['Warnings:', ...warningTexts(warnings).map((text) => `  ${text}`)];
}

function findings({ checks }: RunRecord): string[] {
  const found = checks.filter(({ severity }) => severity === 'serious' || severity === 'warning');
  if (found.length === 0)
    return checks.every(({ name }) => name === modelCheckName)
      ? []
      : ['Checks for false robustness: nothing was found (no proof of robustness).'];
  return [
    'Checks for false robustness speak up; the report says what each means:',
    ...found.map(({ model, severity, kind, question, attack }) => {
      const tried = attack
        ? `; ${share(attack.robust, { allRadii: false })} of ${attack.robust.total} withstand ${attack.name}, ${attack.norm} ${Number(attack.epsilon.toPrecision(3))}`
        : '';
      return `  ${model}: ${question} Yes. (${severity} ${kind}${tried})`;
    }),
  ];
}

/** What was no number under the attacks. */
function notFinite({ models }: RunRecord): string[] {
  const lines = models.flatMap(({ name, attacks }) =>
    attacks.flatMap(({ label, points }) =>
      points.flatMap(({ epsilon, notFinite: found }) =>
        found
          ? [
              `  ${name}, ${label} at ${Number(epsilon.toPrecision(3))}: ${found.points} points with NaN scores, counted as found; ${found.gradients} gradients, counted as zero`,
            ]
          : [],
      ),
    ),
  );
  const trained = models.flatMap(({ name, training }) =>
    training?.notFiniteGradients
      ? [`  ${name}, in training: ${training.notFiniteGradients} gradients, counted as zero`]
      : [],
  );
  const all = [...trained, ...lines];
  return all.length === 0 ? [] : ['Not a number under attack:', ...all];
}

function saved({ models }: RunRecord): string[] {
  const lines = models.flatMap(({ name, attacks }) =>
    attacks.flatMap(({ label, points }) => {
      const point = points.at(-1);
      if (point?.saved === undefined) return [];
      const { examples, confirmed, quantized, quantizedInside } = point.saved;
      return [
        `  ${name}, ${label}: ${confirmed} of ${examples} as loaded in float32; after rounding to 8 bits ${quantized}, ${quantizedInside} of them inside the ball`,
      ];
    }),
  );
  return lines.length === 0 ? [] : ['Saved adversarial examples that fool the model:', ...lines];
}

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
 * Clean and robust accuracy of every model with 95% intervals, per attack and epsilon, and in the
 * worst case; the median smallest distance where an attack looked for it; and what training took.
 * Where that is too wide, smaller radii go, then digits of the intervals, then the intervals; the
 * report has all.
 *
 * @param width - Characters in a line. Default: the terminal's, and any number in a pipe.
 */
export function recordTable(record: RunRecord, width = process.stdout.columns ?? Infinity): string {
  const tables = details.map((detail) => tableOf(record, detail));
  const { name, split = '', length } = measuredData(record);
  const fitting = tables.find((text) => text.split('\n').every((line) => line.length <= width));
  return `${inLine(`${name} ${split}`)}, ${length} images:\n${fitting ?? tables.at(-1)!}`;
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
