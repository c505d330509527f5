import { AdvrobError, type Json } from '@advrob/core';
import { estimateMean, type MeanEstimate } from '@advrob/core/statistics';
import type { RunRecord } from '@advrob/evaluation';
import { csvOf } from './figures/figure.js';
import { renderFigure } from './figures/render-figure.js';
import { sweepCurve } from './figures/sweep-curve.js';
import { escapeMarkdown, percent, settingText } from './format.js';
import { html, type Html } from './page/html.js';
import { pageOf } from './page/page.js';
import { filesOf } from './render-report.js';
import { figureSection } from './sections/figure-section.js';

/** A run of a sweep. */
export interface SweptRun {
  readonly name: string;
  /** What was varied, by the keys of the experiment; `seed`, and keys that end in `.seed`, are averaged over. */
  readonly settings: Readonly<Record<string, Json>>;
  readonly record: RunRecord;
}

/** A model at values of what was varied: means over the seeds, shares from 0 to 1. */
export interface SweepRow {
  readonly settings: Readonly<Record<string, Json>>;
  readonly model: string;
  readonly clean: MeanEstimate;
  /** Share that withstands every attack of its run. */
  readonly robust: MeanEstimate;
  /** Runs that are averaged. */
  readonly runs: readonly string[];
}

/** A sweep as a page, and the files beside it. */
export interface SweepReport {
  readonly html: string;
  readonly markdown: string;
  readonly summary: readonly SweepRow[];
  /** `sweep.csv`, and below `figures/` the data and vector form of each figure. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Makes one table and a figure for each swept number out of the records of a sweep.
 *
 * @throws AdvrobError `ADVROB_RECORD` when no run has measured a model.
 */
export async function renderSweep(title: string, runs: readonly SweptRun[]): Promise<SweepReport> {
  const summary = summaryOf(runs);
  if (summary.length === 0)
    throw new AdvrobError('ADVROB_RECORD', `${title}: expected runs that measured models, found none`);
  const keys = [...new Set(summary.flatMap(({ settings }) => Object.keys(settings)))];
  const rendered = await Promise.all(keys.flatMap((key) => curveOver(key, summary)).map(renderFigure));
  const seeds = Math.max(...summary.map(({ clean }) => clean.n));
  const note =
    `Means over ${seeds === 1 ? 'one run' : `up to ${seeds} runs`} of other seeds, with 95% intervals of Student's t over them. ` +
    'The intervals say how much a seed matters, and nothing of other examples: those stand in the report of each run.';
  const body = [
    html`<h1>${title}</h1>`,
    html`<p class="answer">${answerOf(summary, runs.length)}</p>`,
    tableOf(keys, summary, note),
    ...rendered.map((each) => figureSection(each)),
    html`<section>
      <h2>Runs</h2>
      <ul>
        ${runs.map(({ name }) => html`<li><a href="${encodeURIComponent(name)}/report.html">${name}</a></li>`)}
      </ul>
    </section>`,
  ];
  const lines = summary.map((row) => [
    ...cells(keys, row).map(escapeMarkdown),
    shareText(row.clean),
    shareText(row.robust),
  ]);
  const header = [...keys, 'model', 'seeds', 'clean accuracy', 'robust accuracy'];
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  const figures = rendered.flatMap(filesOf).map(([name, content]) => [`figures/${name}`, content] as const);
  return {
    html: pageOf(title, body),
    markdown: [
      `${escapeMarkdown(answerOf(summary, runs.length))}\n`,
      line(header.map(escapeMarkdown)),
      line(header.map(() => '---')),
      ...lines.map(line),
      `\n${note}\n`,
    ].join('\n'),
    summary,
    files: Object.fromEntries([['sweep.csv', sweepCsv(keys, summary)], ...figures]),
  };
}

/** The table for scripts: `clean`, `robust`, each with the ends of its interval. */
function sweepCsv(keys: readonly string[], summary: readonly SweepRow[]): string {
  const measures = ['clean', 'robust'] as const;
  const columns = [...keys, 'model', 'seeds', ...measures.flatMap((name) => [name, `${name} low`, `${name} high`])];
  const rows = summary.map((row) =>
    Object.fromEntries([
      ...[...keys, 'model', 'seeds'].map((key, i) => [key, cells(keys, row)[i]!] as const),
      ...measures.flatMap((name) => {
        const { mean, interval } = row[name];
        return [
          [name, mean],
          [`${name} low`, interval?.[0] ?? null],
          [`${name} high`, interval?.[1] ?? null],
        ] as const;
      }),
    ]),
  );
  return csvOf({ columns: Object.fromEntries(columns.map((name) => [name, name])), rows });
}

const isSeed = (key: string): boolean => key === 'seed' || key.endsWith('.seed');

function summaryOf(runs: readonly SweptRun[]): SweepRow[] {
  const groups = new Map<
    string,
    { settings: SweptRun['settings']; model: string; of: { run: SweptRun; i: number }[] }
  >();
  for (const run of runs) {
    const settings = Object.fromEntries(Object.entries(run.settings).filter(([key]) => !isSeed(key)));
    run.record.models.forEach(({ name }, i) => {
      const key = JSON.stringify([settings, name]);
      const group = groups.get(key) ?? { settings, model: name, of: [] };
      groups.set(key, { ...group, of: [...group.of, { run, i }] });
    });
  }
  return [...groups.values()].map(({ settings, model, of }) => ({
    settings,
    model,
    clean: estimateMean(of.map(({ run, i }) => run.record.models[i]!.clean.rate)),
    robust: estimateMean(of.map(({ run, i }) => run.record.models[i]!.robust.rate)),
    runs: of.map(({ run }) => run.name),
  }));
}

/** A figure for a key whose values are numbers. */
function curveOver(key: string, summary: readonly SweepRow[]) {
  const rows = summary.filter(({ settings }) => typeof settings[key] === 'number');
  if (new Set(rows.map(({ settings }) => settings[key])).size < 2) return [];
  const points = rows.map(({ settings, model, robust }) => ({
    series: seriesOf(key, settings, model),
    value: Number(settings[key]),
    mean: robust.mean,
    interval: robust.interval,
  }));
  return [sweepCurve(key, 'Robust accuracy', points)];
}

function seriesOf(key: string, settings: SweepRow['settings'], model: string): string {
  const others = Object.entries(settings).filter(([other]) => other !== key);
  return [model, ...others.map(([other, value]) => `${other} ${settingText(value)}`)].join(', ');
}

function answerOf(summary: readonly SweepRow[], runs: number): string {
  const best = summary.reduce((first, row) => (row.robust.mean > first.robust.mean ? row : first));
  const what = seriesOf('', best.settings, best.model);
  return `${runs} runs: most withstands ${what}, ${shareText(best.robust)} robust and ${shareText(best.clean)} clean.`;
}

function cells(keys: readonly string[], { settings, model, clean }: SweepRow): string[] {
  return [...keys.map((key) => (key in settings ? settingText(settings[key]!) : '–')), model, String(clean.n)];
}

function shareText({ mean, interval }: MeanEstimate): string {
  return interval === null
    ? percent(mean)
    : `${percent(mean)} [${interval.map((end) => (100 * end).toFixed(1)).join(', ')}]`;
}

function tableOf(keys: readonly string[], summary: readonly SweepRow[], note: string): Html {
  const header = [...keys, 'Model', 'Seeds', 'Clean accuracy', 'Robust accuracy'];
  return html`<div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            ${header.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${summary.map(
            (row) =>
              html`<tr>
                ${[...cells(keys, row), shareText(row.clean), shareText(row.robust)].map((text) => html`<td>${text}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p><small>${note}</small></p>`;
}
