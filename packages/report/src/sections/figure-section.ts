import type { RenderedFigure } from '../figures/render-figure.js';
import { html, trusted, type Html } from '../page/html.js';
import { dataUri } from '../page/picture.js';
import { dataTable } from '../table/data-table.js';

/**
 * A figure with its caption, its numbers as a table, and both to take away. Inside of another
 * section its heading is of level 3.
 */
export function figureSection({ figure, inline, svg, csv }: RenderedFigure, level: 2 | 3 = 2): Html {
  const { id, title, caption } = figure;
  const heading = level === 2 ? html`<h2 id="${id}">${title}</h2>` : html`<h3 id="${id}">${title}</h3>`;
  return html`<section>
    ${heading}
    <figure>
      <div class="wide">${trusted(inline.wide)}</div>
      <div class="narrow">${trusted(inline.narrow)}</div>
      <figcaption>${caption}</figcaption>
    </figure>
    <details>
      <summary>Numbers of this figure</summary>
      ${dataTable(figure, `Numbers of ${title}`)}
    </details>
    <p class="files">
      <a download="${id}.csv" href="${dataUri('text/csv', csv)}">CSV</a>
      <a download="${id}.svg" href="${dataUri('image/svg+xml', svg)}">SVG</a>
    </p>
  </section>`;
}
