import type { Norm } from '@advrob/core';
import type { Proportion } from '@advrob/evaluation';
import { countText, epsilonText, escapeLatex, escapeMarkdown, normText, percent, percentRange } from './format.js';
import { html, type Html } from './page/html.js';
import { strongerThan, triedText } from './sections/checks.js';
import type { Headline, Subject } from './subjects.js';

/** What a column of the main table shows. */
interface Column {
  readonly kind: 'clean' | 'attack' | 'worst' | 'certified';
  readonly title: string;
  /** The threat, e.g. `L∞ 0.3`; empty for clean accuracy. */
  readonly threat: string;
  readonly norm?: Norm;
  readonly epsilon?: number;
  readonly attack?: string;
  readonly certifier?: string;
}

/** Clean and robust accuracy of every model: the table at the top of the page. */
export interface MainTable {
  readonly columns: readonly Column[];
  readonly rows: readonly TableRow[];
}

interface TableRow {
  readonly model: string;
  /** Words beside its numbers. */
  readonly note?: string | undefined;
  /** Input gradients that training took. */
  readonly adversarialGradients?: number | undefined;
  readonly cells: readonly (Proportion | undefined)[];
  /** Per cell what a check found that leaves less of a worst case. */
  readonly stronger: readonly ReturnType<typeof strongerThan>[];
}

export function mainTable(subjects: readonly Subject[], headline: Headline): MainTable {
  const columns: Column[] = [{ kind: 'clean', title: 'Clean', threat: '' }];
  for (const [norm, epsilon] of headline) {
    const threat = `${normText(norm)} ${epsilonText(epsilon)}`;
    for (const attack of attacksIn(subjects, norm))
      columns.push({ kind: 'attack', title: attackTitle(attack, subjects), threat, norm, epsilon, attack });
    columns.push({ kind: 'worst', title: 'Worst case', threat, norm, epsilon });
    for (const { label, of } of certifiersIn(subjects, norm))
      columns.push({ kind: 'certified', title: certifiedTitle(label, of), threat, norm, epsilon, certifier: label });
  }
  const isUsed = (column: Column): boolean => subjects.some((subject) => cellOf(subject, column));
  const used = columns.filter(isUsed);
  return {
    columns: used,
    rows: subjects.map((subject) => rowOf(subject, used)),
  };
}

function rowOf(subject: Subject, columns: readonly Column[]): TableRow {
  const { note, training } = subject.model;
  const cells = columns.map((column) => cellOf(subject, column));
  return {
    model: subject.name,
    note,
    adversarialGradients: training?.adversarialGradients,
    cells,
    stronger: columns.map((column, i) =>
      column.kind === 'worst' && cells[i] ? strongerThan(cells[i].rate, subject, column) : undefined,
    ),
  };
}

/** Labels of all attacks in a norm, in the order of the records. */
export function attacksIn(subjects: readonly Subject[], norm: Norm): string[] {
  const labels = subjects.flatMap(({ model }) => model.attacks.filter((attack) => attack.norm === norm));
  return [...new Set(labels.map(({ label }) => label))];
}

/** Certifiers in a norm by their labels, with what each speaks of. */
function certifiersIn(subjects: readonly Subject[], norm: Norm): { label: string; of: string }[] {
  const found = subjects.flatMap(({ model }) => (model.certificates ?? []).filter((one) => one.norm === norm));
  return [...new Map(found.map(({ label, statement }) => [label, { label, of: statement.of }])).values()];
}

/** An attack that promises less than its name does says so. */
function attackTitle(label: string, subjects: readonly Subject[]): string {
  return hasCaveat([label], subjects) ? `${label}, at most` : label;
}

/** Whether the numbers of any of these attacks tell less than its name promises. */
export function hasCaveat(labels: readonly string[], subjects: readonly Subject[]): boolean {
  return subjects.some(({ model }) =>
    model.attacks.some(({ label, caveat }) => caveat !== undefined && labels.includes(label)),
  );
}

/** A lower bound says so, and of what. */
export function certifiedTitle(label: string, of: string): string {
  return `Certified by ${label}${of === 'model' ? '' : ` (${of} classifier)`}, at least`;
}

function cellOf({ model }: Subject, column: Column): Proportion | undefined {
  if (column.kind === 'clean') return model.clean;
  if (column.kind === 'certified')
    return model.certificates
      ?.find(({ label, norm }) => label === column.certifier && norm === column.norm)
      ?.points.find(({ epsilon }) => epsilon === column.epsilon)?.certified;
  const list =
    column.kind === 'worst'
      ? model.worstCase.find(({ norm }) => norm === column.norm)
      : model.attacks.find(({ label, norm }) => label === column.attack && norm === column.norm);
  return list?.points.find(({ epsilon }) => epsilon === column.epsilon)?.robust;
}

/**
 * The main table for leaderboards and scripts: one entry per model and column, rates from 0 to 1.
 */
export function jsonTable({ columns, rows }: MainTable): string {
  const entries = rows.flatMap(({ model, cells, stronger }) => [
    ...cells.flatMap((cell, i) => {
      const { kind, norm, epsilon, attack, certifier } = columns[i]!;
      const by = { ...(attack && { attack }), ...(certifier && { certifier }) };
      return cell ? [{ model, kind, ...by, ...(norm && { norm, epsilon }), ...cell }] : [];
    }),
    ...stronger.flatMap((one) => {
      if (!one) return [];
      const { name, norm, epsilon, robust } = one;
      return [{ model, kind: 'check', attack: name, norm, epsilon, ...robust }];
    }),
  ]);
  return `${JSON.stringify(entries, undefined, 2)}\n`;
}

/** The main table for pull requests and notes. */
export function markdownTable({ columns, rows }: MainTable): string {
  const hasGradients = rows.some(({ adversarialGradients }) => adversarialGradients !== undefined);
  const heads = [
    'Model',
    ...(hasGradients ? ['Adversarial gradients'] : []),
    ...columns.map(({ title, threat }) => [title, threat].filter(Boolean).join(', ')),
  ];
  const lines = rows.map(({ model, note, adversarialGradients, cells, stronger }) => [
    note === undefined ? model : `${model} (${note})`,
    ...(hasGradients ? [adversarialGradients === undefined ? '–' : countText(adversarialGradients)] : []),
    ...cells.map((cell, i) => {
      const doubt = stronger[i] ? `; ${strongerText(stronger[i])}` : '';
      return cell ? `${percent(cell.rate)} (${percentRange(cell.interval)})${doubt}` : '–';
    }),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const rule = `| --- |${' ---: |'.repeat(heads.length - 1)}`;
  return [line(heads), rule, ...lines.map(line)].join('\n') + '\n';
}

/**
 * The main table for a paper: a `tabular` of booktabs, rates with both ends of their intervals. What
 * checks found against a number is not in it; the page says that.
 */
export function latexTable({ columns, rows }: MainTable): string {
  const best = columns.map((_, i) => Math.max(...rows.map(({ cells }) => cells[i]?.rate ?? -1)));
  const heads = ['Model', ...columns.map(({ title, threat }) => [title, threat].filter(Boolean).join(', '))];
  const lines = rows.map(({ model, note, cells }) => [
    escapeLatex(note === undefined ? model : `${model} (${note})`),
    ...cells.map((cell, i) => {
      if (!cell) return '--';
      const rate = escapeLatex(percent(cell.rate));
      const shown = rows.length > 1 && cell.rate === best[i] ? `\\textbf{${rate}}` : rate;
      return `${shown} (${escapeLatex(percentRange(cell.interval))})`;
    }),
  ]);
  const line = (cells: readonly string[]): string => `${cells.join(' & ')} \\\\`;
  return [
    '% needs \\usepackage{booktabs}',
    `\\begin{tabular}{l${'r'.repeat(columns.length)}}`,
    '\\toprule',
    line(heads.map(escapeLatex)),
    '\\midrule',
    ...lines.map(line),
    '\\bottomrule',
    '\\end{tabular}\n',
  ].join('\n');
}

/**
 * The main table. On a narrow screen each row becomes a block; the roles keep it a table for screen
 * readers.
 */
export function htmlTable({ columns, rows }: MainTable, caption: string): Html {
  const best = columns.map((_, i) => Math.max(...rows.map(({ cells }) => cells[i]?.rate ?? -1)));
  const isTop = (rate: number, i: number): boolean => rows.length > 1 && rate === best[i];
  return html`<table class="results" role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th scope="col" role="columnheader">Model</th>
        ${columns.map((column) => html`<th scope="col" role="columnheader">${heading(column)}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr role="row">
            <th scope="row" role="rowheader">${rowHeading(row)}</th>
            ${row.cells.map((cell, i) =>
              cell
                ? html`<td role="cell" class="${isTop(cell.rate, i) ? 'best' : ''} ${columns[i]!.kind}">
                    <span class="label" aria-hidden="true">${heading(columns[i]!)}</span
                    ><span class="value"
                      ><b>${percent(cell.rate)}</b> <small>${percentRange(cell.interval)}</small>${
                        row.stronger[i] && html` <small class="bad">${strongerText(row.stronger[i])}</small>`
                      }</span
                    >
                  </td>`
                : html`<td role="cell"><span class="label" aria-hidden="true">${heading(columns[i]!)}</span>–</td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** `10.0% of 64 under apgd-dlr of the checks (L∞ 0.3)`. */
function strongerText(tried: NonNullable<TableRow['stronger'][number]>): string {
  return `${percent(tried.robust.rate)} of ${countText(tried.robust.total)} under ${triedText(tried)}`;
}

function rowHeading({ model, note, adversarialGradients }: TableRow): Html {
  return html`${model}${adversarialGradients !== undefined && html` <small>${countText(adversarialGradients)} adversarial gradients</small>`}${note !== undefined && html` <small class="bad">${note}</small>`}`;
}

function heading({ title, threat }: Column): Html {
  return threat === '' ? html`${title}` : html`${title} <small>${threat}</small>`;
}
