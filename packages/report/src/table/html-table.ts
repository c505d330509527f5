import { countText, percent, percentRange } from '../format.js';
import { html, type Html } from '../page/html.js';
import type { Column, MainTable, TableRow } from './main-table.js';

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
                      ><b>${percent(cell.rate)}</b> <small>${percentRange(cell.interval)}</small></span
                    >
                  </td>`
                : html`<td role="cell"><span class="label" aria-hidden="true">${heading(columns[i]!)}</span>–</td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function rowHeading({ model, note, adversarialGradients }: TableRow): Html {
  return html`${model}${adversarialGradients !== undefined && html` <small>${countText(adversarialGradients)} adversarial gradients</small>`}${note !== undefined && html` <small class="bad">${note}</small>`}`;
}

function heading({ title, threat }: Column): Html {
  return threat === '' ? html`${title}` : html`${title} <small>${threat}</small>`;
}
