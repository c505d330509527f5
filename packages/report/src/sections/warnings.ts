import type { RunRecord } from '@advrob/evaluation';
import { html, type Html } from '../page/html.js';

/**
 * What speaks against the numbers without being an error, in sentences, each once; with the title of
 * its record where there are several.
 */
export function warningSentences(records: readonly RunRecord[]): string[] {
  const sentences = records.flatMap(({ title, warnings }) =>
    warnings.map(({ model, message }) => {
      const about = [...(records.length > 1 ? [title] : []), ...(model === undefined ? [] : [model])];
      return about.length === 0 ? message : `${about.join(', ')}: ${message}`;
    }),
  );
  return [...new Set(sentences)];
}

/** The same for the page. */
export function warningLines(sentences: readonly string[]): Html {
  return html`${sentences.map((sentence) => html`<p class="bad">Warning: ${sentence}</p>`)}`;
}
