import type { AnalysisResult } from '@advrob/evaluation';
import { dataUri } from '../images/data-uri.js';
import { csvOf } from '../figures/csv.js';
import type { RenderedFigure } from '../figures/render-figure.js';
import { countText, epsilonText, normText } from '../format/numbers.js';
import { listText, settingText } from '../format/settings.js';
import { html, type Html } from '../page/html.js';
import { dataTable } from '../table/data-table.js';
import { figureSection } from './figure-section.js';
import { gallerySection } from './gallery.js';

/** An analysis of the report. */
export interface AnalysisSubject {
  /** Unique in the report. */
  readonly id: string;
  readonly result: AnalysisResult;
  readonly figures: readonly RenderedFigure[];
}

/** What an analysis found: in sentences, in tables, in figures, in pictures. */
export function analysisSection({ id, result, figures }: AnalysisSubject): Html {
  const { findings, tables, galleries, paper, options } = result;
  const settings = typeof options === 'object' && options !== null ? Object.entries(options) : [];
  return html`<section class="analysis">
    <h2 id="${id}">${headingOf(result)}</h2>
    ${
      findings.length > 0 &&
      html`<ul class="findings">
        ${findings.map((sentence) => html`<li>${sentence}</li>`)}
      </ul>`
    }
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
            <a download="${id}-${table.id}.csv" href="${dataUri('text/csv', csvOf(table))}">CSV</a>
          </p>`,
    )}
    ${figures.map((figure) => figureSection(figure, 3))} ${galleries.map(gallerySection)}
  </section>`;
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

/** `Logit comparison: standard and pgd-at`; an id of its own says more than the name of the analysis. */
export function headingOf({ id, analysis, models }: AnalysisResult): string {
  const words = (id.startsWith(analysis) ? analysis : id).replaceAll('-', ' ');
  const names = [...new Set(Object.values(models).map(({ name }) => name))];
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return names.length === 0 ? title : `${title}: ${listText(names)}`;
}

/** What was looked at and how. */
function settingOf({ summary, models, data, threat, seed }: AnalysisResult): string {
  const roles = Object.entries(models).filter(([role, { name }]) => role !== name && role !== 'model');
  return [
    `${summary ?? ''} `,
    roles.length > 0 ? `In the roles: ${listText(roles.map(([role, { name }]) => `${role} ${name}`))}. ` : '',
    data && Object.keys(models).length > 0
      ? `${countText(data.length)} ${data.name} ${data.split ?? ''} examples${threat ? `, ${normText(threat.norm)} ${epsilonText(threat.epsilon)}` : ''}. `
      : '',
    `Seed ${seed}.`,
  ].join('');
}
