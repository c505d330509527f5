/** Text that is HTML already. Everything else that enters a page is escaped. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | false | undefined | readonly Html[];

/**
 * Template tag: escapes what is put in, unless it is {@link Html}; lists are joined; `false` and
 * `undefined` leave nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.reduce((text, string, i) => text + partText(parts[i - 1]) + string) };
}

/** Marks text made by this package as HTML. */
export function trusted(text: string): Html {
  return { html: text };
}

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function partText(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if ('html' in part) return part.html;
  return part.map((one) => one.html).join('');
}
