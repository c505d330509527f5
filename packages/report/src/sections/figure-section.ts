import { dataUri } from '../images/data-uri.js';
import { html, trusted, type Html } from '../page/html.js';
import type { DataRow } from '../figures/figure.js';
import type { RenderedFigure } from '../figures/render-figure.js';

/** A figure with its caption, its numbers as a table, and both to take away. */
export function figureSection({ figure, inline, svg, csv }: RenderedFigure): Html {
  const { id, title, caption, columns, rows } = figure;
  const keys = Object.keys(columns);
  return html`<section>
    <h2 id="${id}">${title}</h2>
    <figure>
      <div class="wide">${trusted(inline.wide)}</div>
      <div class="narrow">${trusted(inline.narrow)}</div>
      <figcaption>${caption}</figcaption>
    </figure>
    <details>
      <summary>Numbers of this figure</summary>
      <div class="scroll" role="region" tabindex="0" aria-label="Numbers of ${title}">
        <table class="numbers">
          <thead>
            <tr>
              ${keys.map((key) => html`<th scope="col">${columns[key]!}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row) =>
                html`<tr>
                  ${keys.map((key) => cell(row, key))}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
    <p class="files">
      <a download="${id}.csv" href="${dataUri('text/csv', csv)}">CSV</a>
      <a download="${id}.svg" href="${dataUri('image/svg+xml', svg)}">SVG</a>
    </p>
  </section>`;
}

function cell(row: DataRow, key: string): Html {
  const value = row[key];
  if (typeof value === 'number') return html`<td class="number">${String(Number(value.toPrecision(4)))}</td>`;
  return html`<td>${value ?? ''}</td>`;
}
