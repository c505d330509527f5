import { html, trusted, type Html } from './html.js';

/** Fewer sections are seen at a glance. */
const fewest = 4;

/**
 * Links to the sections of a page, from its headings of level 2: what a record says is escaped in
 * them, so no text of a record is taken for one. Nothing where there are few.
 */
export function contentsOf(body: readonly Html[]): Html | undefined {
  const headings = [
    ...body
      .map((part) => part.html)
      .join('')
      .matchAll(/<h2 id="([^"]+)">([^<]*)<\/h2>/g),
  ];
  if (headings.length < fewest) return undefined;
  return html`<nav class="contents" aria-label="Contents">
    <ol>
      ${headings.map(([, id, title]) => html`<li><a href="#${trusted(id!)}">${trusted(title!.trim())}</a></li>`)}
    </ol>
  </nav>`;
}
