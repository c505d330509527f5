import type { Norm } from '@advrob/core';
import type { ModelComparison, RunRecord } from '@advrob/evaluation';
import { attackDots } from './figures/attack-dots.js';
import { dualFigures } from './figures/dual-figure.js';
import { epsilonCurve } from './figures/epsilon-curve.js';
import type { Figure } from './figures/figure.js';
import { minimalNormCurves } from './figures/minimal-norm-curve.js';
import { drawnOrNot, renderFigure, type RenderedFigure } from './figures/render-figure.js';
import { trainingFigures } from './figures/training-figures.js';
import { escapeMarkdown } from './format.js';
import { htmlTable, jsonTable, latexTable, mainTable, markdownTable, type MainTable } from './main-table.js';
import { contentsOf } from './page/contents.js';
import { html, type Html } from './page/html.js';
import { pageOf } from './page/page.js';
import { analysesMarkdown, analysesOf, analysesOverview, analysisSection, tableFiles } from './sections/analyses.js';
import { answerText } from './sections/answer.js';
import { certificateSentences, certificatesSection } from './sections/certificates.js';
import { checksSection, doubtLine, doubtText, notFiniteText } from './sections/checks.js';
import { comparisonsSection } from './sections/comparisons.js';
import { figureSection } from './sections/figure-section.js';
import { methodsSection } from './sections/methods.js';
import { reproduceSection } from './sections/reproduce.js';
import { sampleGrid } from './sections/sample-grid.js';
import { savedExamplesSection } from './sections/saved-examples.js';
import { warningLines, warningSentences } from './sections/warnings.js';
import { headlineOf, subjectsOf, type Headline, type Subject } from './subjects.js';

export interface ReportOptions {
  /** Default: the titles of the records. */
  readonly title?: string | undefined;
  /**
   * Radius per norm at which the table compares. Default: where most attacks were run, the largest
   * of equals.
   */
  readonly epsilon?: Readonly<Partial<Record<Norm, number>>> | undefined;
  /** Pairs of models on the same examples, as `compareModels` gives them. */
  readonly comparisons?: readonly ModelComparison[] | undefined;
}

/** A report and the files beside it. */
export interface Report {
  /** One page that needs no other file, no script and no network. */
  readonly html: string;
  /** The answer, the table and what analyses found, for a pull request. */
  readonly markdown: string;
  /**
   * The table for scripts: a list of { model, kind, attack, norm, epsilon, count, total, rate,
   * interval }.
   */
  readonly json: string;
  /**
   * Text by name: `<id>.svg`, `.csv` and `.vl.json` (Vega-Lite) of each figure, `.csv` of each
   * table of an analysis; `table.tex`, the main table for LaTeX, where models were measured.
   */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Makes the report of one or several records, from the records alone. Equal records give equal
 * reports.
 *
 * @throws AdvrobError `ADVROB_RECORD` when there is no record.
 * @example
 * ```ts
 * import { parseRecord } from '@advrob/evaluation';
 * import { renderReport } from '@advrob/report';
 * const { html } = await renderReport(parseRecord(text));
 * ```
 */
export async function renderReport(
  recordOrRecords: RunRecord | readonly RunRecord[],
  options: ReportOptions = {},
): Promise<Report> {
  const records: readonly RunRecord[] = Array.isArray(recordOrRecords) ? recordOrRecords : [recordOrRecords];
  const title = options.title ?? [...new Set(records.map((record) => record.title))].join(' · ');
  const subjects = subjectsOf(records);
  const warnings = warningSentences(records);
  const models = subjects.length > 0 ? await modelPart(subjects, warnings, options) : undefined;
  const analyses = await analysesOf(records);
  const body = [
    html`<h1>${title}</h1>`,
    ...(models?.body ?? []),
    ...(models ? [] : [warningLines(warnings), analysesOverview(analyses)]),
    ...analyses.map(analysisSection),
    ...(models ? [methodsSection(subjects)] : []),
    reproduceSection(records),
  ];
  const contents = contentsOf(body);
  // Behind the answer, which everyone reads first.
  if (contents) body.splice(models ? 2 : 3, 0, contents);
  const rendered = [...(models?.figures ?? []), ...analyses.flatMap(({ figures }) => figures)];
  return {
    html: pageOf(title, body),
    markdown: [
      ...(models ? [models.markdown] : warnings.length > 0 ? [warningsMarkdown(warnings)] : []),
      ...analysesMarkdown(analyses),
    ].join('\n'),
    json: models?.json ?? '[]\n',
    files: Object.fromEntries([
      ...(models ? [['table.tex', models.latex] as const] : []),
      ...rendered.flatMap(filesOf),
      ...analyses.flatMap(tableFiles),
    ]),
  };
}

/** What figures and sections are made from. */
interface Measured {
  readonly subjects: readonly Subject[];
  readonly headline: Headline;
  readonly table: MainTable;
  readonly comparisons: readonly ModelComparison[];
}

/** Every figure, in the order of the page: a new one takes its file, its test, and a row here. */
const figures: readonly ((measured: Measured) => readonly Figure[])[] = [
  ({ table }) => [attackDots(table)],
  ({ subjects, headline }) => [...headline.keys()].map((norm) => epsilonCurve(subjects, norm)),
  ({ subjects }) => minimalNormCurves(subjects),
  ({ subjects }) => trainingFigures(subjects),
  ({ subjects }) => dualFigures(subjects),
];

/** Every section under the figures, likewise; undefined where there is nothing to show. */
const sections: readonly ((measured: Measured) => Html | undefined)[] = [
  ({ subjects }) => certificatesSection(subjects),
  ({ comparisons }) => comparisonsSection(comparisons),
  ({ subjects }) => checksSection(subjects),
  ({ subjects }) => sampleGrid(subjects),
  ({ subjects }) => savedExamplesSection(subjects),
];

/** What the report says of the models that were measured. */
async function modelPart(
  subjects: readonly Subject[],
  warnings: readonly string[],
  { epsilon, comparisons = [] }: ReportOptions,
): Promise<{ body: Html[]; figures: RenderedFigure[]; markdown: string; latex: string; json: string }> {
  const headline = headlineOf(subjects, epsilon);
  const table = mainTable(subjects, headline);
  const measured = { subjects, headline, table, comparisons };
  const answer = answerText(subjects, table);
  const doubt = doubtText(subjects);
  const broken = notFiniteText(subjects);
  const hashes = new Set(subjects.map(({ data }) => data.hash));
  const latex = latexTable(table);
  const rendered: RenderedFigure[] = [];
  for (const figure of figures.flatMap((draw) => draw(measured)))
    rendered.push(await drawnOrNot(figure, () => renderFigure(figure)));
  const body = [
    html`<p class="answer">${answer}</p>
      ${warningLines(warnings)} ${doubtLine(doubt)} ${broken.map((sentence) => html`<p class="bad">${sentence}</p>`)}
      ${htmlTable(table, 'Share of test examples classified rightly, with Wilson 95% intervals in percent. Worst case: per example, over all attacks of the threat. Bold: best of a column.')}
      ${tableTexts(markdownTable(table), latex)}
      ${hashes.size > 1 && html`<p class="bad">The records were measured on different data, so their numbers do not compare one to one.</p>`}`,
    ...rendered.map((figure) => figureSection(figure)),
    ...sections.map((show) => show(measured)).filter((section) => section !== undefined),
  ];
  const doubtful = doubt === undefined ? '' : `**${escapeMarkdown(doubt)}**\n\n`;
  const brokenParts = broken.map((sentence) => `${escapeMarkdown(sentence)}\n\n`).join('');
  const certified = certificateSentences(subjects)
    .map((sentence, i) => `${i === 0 ? '\n' : ''}- ${escapeMarkdown(sentence)}\n`)
    .join('');
  const markdown = `${escapeMarkdown(answer)}\n\n${warningsMarkdown(warnings)}${doubtful}${brokenParts}${markdownTable(table)}${certified}`;
  return { body, figures: rendered, markdown, latex, json: jsonTable(table) };
}

/** The table to copy into a paper or a pull request. */
function tableTexts(markdown: string, latex: string): Html {
  return html`<details>
    <summary>This table as LaTeX and Markdown</summary>
    <pre><code>${latex}</code></pre>
    <pre><code>${markdown}</code></pre>
  </details>`;
}

function warningsMarkdown(warnings: readonly string[]): string {
  return warnings.map((sentence) => `**Warning: ${escapeMarkdown(sentence)}**\n\n`).join('');
}

export function filesOf({ figure: { id }, csv, drawing }: RenderedFigure): [string, string][] {
  if ('problem' in drawing) return [[`${id}.csv`, csv]];
  const { svg, spec } = drawing;
  return [
    [`${id}.svg`, svg],
    [`${id}.csv`, csv],
    [`${id}.vl.json`, `${JSON.stringify(spec, undefined, 2)}\n`],
  ];
}
