import { decodeFloats, type AnalysisResult, type RunRecord } from '@advrob/evaluation';
import { csvOf } from '../figures/figure.js';
import { analysisFigure } from '../figures/fit.js';
import { drawnOrNot, renderFigure, type RenderedFigure } from '../figures/render-figure.js';
import { countText, epsilonText, escapeMarkdown, listText, normText, settingText } from '../format.js';
import { html, type Html } from '../page/html.js';
import { dataUri, pictureFormat, pictureUri } from '../page/picture.js';
import { dataTable, figureSection } from './figure-section.js';

/** An analysis of the report. */
interface AnalysisSubject {
  /** Unique in the report. */
  readonly id: string;
  readonly result: AnalysisResult;
  readonly figures: readonly RenderedFigure[];
  /** Of the models that it looked at and that were not measured: those have a section. */
  readonly checks: RunRecord['checks'];
  /** With ids that are unique in the report. */
  readonly tables: AnalysisResult['tables'];
}

/** All analyses of the records with their figures drawn; ids that occur twice are numbered. */
export async function analysesOf(records: readonly RunRecord[]): Promise<AnalysisSubject[]> {
  const results = records.flatMap(({ analyses, models, checks }) => {
    const own = checks.filter(({ model }) => !models.some(({ name }) => name === model));
    return analyses.map((result) => ({ result, checks: own }));
  });
  const isTaken = new Set<string>();
  // Ids of a record that was not parsed may be anything, and are names of files here.
  const unique = (id: string): string => {
    const name = id.replace(/[^\w.-]/g, '_');
    let found = name;
    for (let count = 2; isTaken.has(found); count++) found = `${name}-${count}`;
    isTaken.add(found);
    return found;
  };
  const subjects: AnalysisSubject[] = [];
  for (const { result, checks } of results) {
    const id = unique(`analysis-${result.id}`);
    const figures: RenderedFigure[] = [];
    for (const figure of result.figures) {
      const given = { ...figure, id: unique(`${id}-${figure.id}`) };
      figures.push(await drawnOrNot(given, async () => renderFigure(await analysisFigure(given))));
    }
    const tables = result.tables.map((table) => ({ ...table, id: unique(`${id}-${table.id}`) }));
    const names = Object.values(result.models).map(({ name }) => name);
    subjects.push({ id, result, figures, tables, checks: checks.filter(({ model }) => names.includes(model)) });
  }
  return subjects;
}

/** What an analysis found: in sentences, in tables, in figures, in pictures. */
export function analysisSection({ id, result, figures, tables, checks }: AnalysisSubject): Html {
  const { findings, galleries, paper, options } = result;
  const settings = typeof options === 'object' && options !== null ? Object.entries(options) : [];
  return html`<section class="analysis">
    <h2 id="${id}">${headingOf(result)}</h2>
    ${
      findings.length > 0 &&
      html`<ul class="findings">
        ${findings.map((sentence) => html`<li>${sentence}</li>`)}
      </ul>`
    }
    ${doubtsOf(checks)}
    <p><small>${settingOf(result)}${paper !== undefined && html` Source: ${paper}.`}</small></p>
    ${
      settings.length > 0 &&
      html`<details>
        <summary>Settings of ${result.analysis}</summary>
        <dl>
          ${settings.map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${settingText(value)}</dd>`,
          )}
        </dl>
      </details>`
    }
    ${tables.map(
      (table) =>
        html`<h3>${table.title}</h3>
          ${dataTable(table, table.title)}
          <p class="files">
            <a download="${table.id}.csv" href="${dataUri('text/csv', csvOf(table))}">CSV</a>
          </p>`,
    )}
    ${figures.map((figure) => figureSection(figure, 3))} ${galleries.map(gallerySection)}
  </section>`;
}

/** What checks of the models say against what was found, and that others say nothing. */
function doubtsOf(checks: RunRecord['checks']): Html {
  const found = checks.filter(({ severity }) => severity === 'serious' || severity === 'warning');
  const passed = checks.filter(({ severity }) => severity === 'none');
  return html`${found.map(
    ({ model, name, question, meaning }) =>
      html`<p class="bad">${model}: ${question ?? name} Yes. ${meaning ?? ''}</p>`,
  )}
  ${passed.map(({ model, name, question }) => html`<p><small>${model}: ${question ?? name} No.</small></p>`)}`;
}

/** What stands at the top where no model was measured: what every analysis found. */
export function analysesOverview(analyses: readonly AnalysisSubject[]): Html {
  return html`<ul class="overview">
    ${analyses.map(
      ({ id, result }) =>
        html`<li>
          <a href="#${id}">${headingOf(result)}</a>${result.findings.length > 0 && html`: ${result.findings[0]!}`}
        </li>`,
    )}
  </ul>`;
}

/**
 * `Logit comparison: standard and pgd-at`; an id of its own says more than the name of the
 * analysis.
 */
function headingOf({ id, analysis, models }: AnalysisResult): string {
  const words = (id.startsWith(analysis) ? analysis : id).replaceAll('-', ' ');
  const names = [...new Set(Object.values(models).map(({ name }) => name))];
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return names.length === 0 ? title : `${title}: ${listText(names)}`;
}

/** What was looked at and how. */
function settingOf({ summary, models, data, threat, seed, options }: AnalysisResult): string {
  const roles = Object.entries(models).filter(([role, { name }]) => role !== name && role !== 'model');
  return [
    `${summary ?? ''} `,
    roles.length > 0 ? `In the roles: ${listText(roles.map(([role, { name }]) => `${role} ${name}`))}. ` : '',
    data && Object.keys(models).length > 0
      ? `${takenOf(options, data.length)} ${data.name} ${data.split ?? ''} examples${threat ? `, ${normText(threat.norm)} ${epsilonText(threat.epsilon)}` : ''}. `
      : '',
    `Seed ${seed}.`,
  ].join('');
}

/** An analysis with an option `examples` takes so many of the data, the first. */
function takenOf(options: AnalysisResult['options'], length: number): string {
  const { examples } = { examples: undefined, ...(options as object | null) } as { examples?: unknown };
  return typeof examples === 'number' && examples < length
    ? `The first ${countText(examples)} of ${countText(length)}`
    : countText(length);
}

type Gallery = AnalysisResult['galleries'][number];

/** Pictures of examples that an analysis picked out. Nothing when the examples are no pictures. */
function gallerySection({ title, caption, shape, bounds, groups }: Gallery): Html {
  const format = pictureFormat(shape, bounds);
  const filled = groups.filter(({ pictures }) => pictures.length > 0);
  if (!format || filled.length === 0) return html``;
  const { width, height } = format;
  return html`<h3>${title}</h3>
    <p>${caption}</p>
    ${filled.map(
      (group) =>
        html`<figure class="grid">
          <figcaption><b>${group.title}</b></figcaption>
          <ol class="cards">
            ${group.pictures.map(
              ({ image, alt, lines }) =>
                html`<li>
                  <img
                    src="${pictureUri(decodeFloats(image), format)}"
                    alt="${alt}"
                    width="${width}"
                    height="${height}"
                  />
                  ${lines.map((line) => html`<div>${line}</div>`)}
                </li>`,
            )}
          </ol>
        </figure>`,
    )}`;
}

/** A list of sentences for each analysis that has any. */
export function analysesMarkdown(analyses: readonly AnalysisSubject[]): string[] {
  return analyses.flatMap(({ result: { id, findings } }) =>
    findings.length === 0
      ? []
      : [`**${escapeMarkdown(id)}**\n\n${findings.map((sentence) => `- ${escapeMarkdown(sentence)}\n`).join('')}`],
  );
}

/** The tables of an analysis as CSV, by file name. */
export function tableFiles({ tables }: AnalysisSubject): [string, string][] {
  return tables.map((table) => [`${table.id}.csv`, csvOf(table)]);
}
