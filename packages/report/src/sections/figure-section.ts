import { cellOf, type DataRow, type Figure } from '../figures/figure.js';
import type { RenderedFigure } from '../figures/render-figure.js';
import { countText } from '../format.js';
import { html, trusted, type Html } from '../page/html.js';
import { dataUri } from '../page/picture.js';

/**
 * A figure with its caption, its numbers as a table, and both to take away. Inside of another
 * section its heading is of level 3.
 */
export function figureSection({ figure, drawing, csv }: RenderedFigure, level: 2 | 3 = 2): Html {
  const { id, title, caption } = figure;
  const heading = level === 2 ? html`<h2 id="${id}">${title}</h2>` : html`<h3 id="${id}">${title}</h3>`;
  return html`<section>
    ${heading}
    <figure>
      ${
        'problem' in drawing
          ? html`<p class="bad">Not drawn: ${drawing.problem}</p>`
          : html`<div class="wide">${trusted(drawing.inline.wide)}</div>
              <div class="narrow">${trusted(drawing.inline.narrow)}</div>`
      }
      <figcaption>${caption}</figcaption>
    </figure>
    <details>
      <summary>Numbers of this figure</summary>
      ${dataTable(figure, `Numbers of ${title}`)}
    </details>
    <p class="files">
      <a download="${id}.csv" href="${dataUri('text/csv', csv)}">CSV</a>
      ${'svg' in drawing && html`<a download="${id}.svg" href="${dataUri('image/svg+xml', drawing.svg)}">SVG</a>`}
    </p>
  </section>`;
}

/** More rows make a page slow and are read by nobody. */
const mostRows = 200;

/** Rows of numbers and words, which scroll inside of the page. */
export function dataTable({ columns, rows }: Pick<Figure, 'columns' | 'rows'>, label: string): Html {
  const keys = Object.keys(columns);
  const isNumber = Object.fromEntries(
    keys.map((key) => [key, rows.some((row) => typeof cellOf(row, key) === 'number')]),
  );
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">
      <table class="numbers">
        <thead>
          <tr>
            ${keys.map((key) => html`<th scope="col" class="${isNumber[key] ? 'number' : ''}">${columns[key]!}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, mostRows).map(
            (row) =>
              html`<tr>
                ${keys.map((key) => cell(row, key))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length > mostRows && html`<p><small>The first ${mostRows} of ${countText(rows.length)} rows; all are in the CSV file.</small></p>`}`;
}

function cell(row: DataRow, key: string): Html {
  const value = cellOf(row, key);
  if (typeof value === 'number') return html`<td class="number">${String(Number(value.toPrecision(4)))}</td>`;
  return html`<td>${value ?? '–'}</td>`;
}
