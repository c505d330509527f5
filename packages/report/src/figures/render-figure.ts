import type { TopLevelSpec } from 'vega-lite';
import { withColours } from '../page/colours.js';
import { escapeHtml } from '../page/html.js';
import { draw, inTags, sizeOf } from './draw.js';
import { csvOf, type Figure, type Width } from './figure.js';

/** A figure in all its forms. */
export interface RenderedFigure {
  readonly figure: Omit<Figure, 'spec'>;
  readonly csv: string;
  /** Or why there is none: the spec of a record may ask for more than a drawing. */
  readonly drawing: Drawing | { readonly problem: string };
}

interface Drawing {
  /** For a page that sets the colours, without a namespace. */
  readonly inline: Readonly<Record<Width, string>>;
  /** A file of its own. */
  readonly svg: string;
  readonly spec: TopLevelSpec;
}

/** Draws a figure; needs no browser. */
export async function renderFigure(figure: Figure): Promise<RenderedFigure> {
  const spec = figure.spec('wide');
  const wide = await draw(spec, `${figure.id}-wide`);
  const narrow = await draw(figure.spec('narrow'), `${figure.id}-narrow`);
  return {
    figure,
    csv: csvOf(figure),
    drawing: {
      inline: { wide: inlined(wide, figure.alt), narrow: inlined(narrow, figure.alt) },
      svg: standalone(wide, figure.alt),
      spec,
    },
  };
}

/**
 * A figure of a record. One that asks for more than a drawing, is nonsense, or has numbers that
 * nothing can be drawn of, leaves its numbers: a record may come from anyone.
 */
export async function drawnOrNot(
  figure: Omit<Figure, 'spec'>,
  render: () => Promise<RenderedFigure>,
): Promise<RenderedFigure> {
  try {
    return await render();
  } catch (error) {
    const problem = (error instanceof Error ? error.message : String(error)).replace(' [ADVROB_RECORD]', '');
    return { figure, csv: csvOf(figure), drawing: { problem } };
  }
}

/**
 * The drawing is one image to a screen reader, so the roles and labels of its parts are left out.
 * It shrinks with the page and is not blown up, so that letters have the same size in all figures.
 */
function inlined(svg: string, alt: string): string {
  const size = `style="max-width: ${Math.ceil(sizeOf(svg).width)}px"`;
  return inTags(svg, (tag) => tag.replace(/ (xmlns(:xlink)?|aria-[a-z]+|role)="[^"]*"/g, '')).replace(
    '<svg ',
    () => `<svg role="img" aria-label="${escapeHtml(alt)}" ${size} `,
  );
}

function standalone(svg: string, alt: string): string {
  const opening = (attributes: string): string =>
    `<svg ${attributes} role="img"><title>${escapeHtml(alt)}</title><rect width="100%" height="100%" fill="#ffffff"/>`;
  return inTags(svg, (tag) => withColours(tag, 'light')).replace(/<svg ([^>]*)>/, (_, attributes: string) =>
    opening(attributes),
  );
}
