import type { RunRecord } from '@advrob/evaluation';
import { analysisFigure } from './figures/analysis-figure.js';
import { csvOf } from './figures/csv.js';
import { renderFigure, type RenderedFigure } from './figures/render-figure.js';
import type { AnalysisSubject } from './sections/analysis-section.js';

/** All analyses of the records with their figures drawn; ids that occur twice are numbered. */
export async function analysesOf(records: readonly RunRecord[]): Promise<AnalysisSubject[]> {
  const results = records.flatMap(({ analyses }) => analyses);
  const seen = new Map<string, number>();
  const subjects: AnalysisSubject[] = [];
  for (const result of results) {
    const count = (seen.get(result.id) ?? 0) + 1;
    seen.set(result.id, count);
    const id = `analysis-${result.id}${count > 1 ? `-${count}` : ''}`;
    const figures: RenderedFigure[] = [];
    for (const figure of result.figures) figures.push(await renderFigure(await analysisFigure({ id }, figure)));
    subjects.push({ id, result, figures });
  }
  return subjects;
}

/** A list of sentences for each analysis that has any. */
export function analysesMarkdown(analyses: readonly AnalysisSubject[]): string[] {
  return analyses.flatMap(({ result: { id, findings } }) =>
    findings.length === 0
      ? []
      : [`**${escaped(id)}**\n\n${findings.map((sentence) => `- ${escaped(sentence)}\n`).join('')}`],
  );
}

function escaped(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}

/** The tables of an analysis as CSV, by file name. */
export function tableFiles({ id, result }: AnalysisSubject): [string, string][] {
  return result.tables.map((table) => [`${id}-${table.id}.csv`, csvOf(table)]);
}
