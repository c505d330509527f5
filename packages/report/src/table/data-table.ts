import type { DataRow, Figure } from '../figures/figure.js';
import { countText } from '../format.js';
import { html, type Html } from '../page/html.js';

/** More rows make a page slow and are read by nobody. */
const mostRows = 200;

/** Rows of numbers and words, which scroll inside of the page. */
export function dataTable({ columns, rows }: Pick<Figure, 'columns' | 'rows'>, label: string): Html {
  const keys = Object.keys(columns);
  const isNumber = Object.fromEntries(keys.map((key) => [key, rows.some((row) => typeof row[key] === 'number')]));
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
  const value = row[key];
  if (typeof value === 'number') return html`<td class="number">${String(Number(value.toPrecision(4)))}</td>`;
  return html`<td>${value ?? '–'}</td>`;
}
