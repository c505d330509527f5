import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/**
 * SVG of a Vega-Lite spec, without a browser.
 *
 * @param prefix - Ids of the drawing begin with it, so that several figures can share a page.
 * @throws Error for a spec that Vega-Lite cannot draw.
 */
export async function draw(spec: TopLevelSpec, prefix: string): Promise<string> {
  // Vega marks the rows that it draws; those of a record stay as they are.
  const { spec: compiled } = compile(structuredClone(spec), { logger: quiet });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger: quiet, loader: offline });
  try {
    vega.resetSVGDefIds();
    const name = prefix.replace(/[^\w.-]/g, '_');
    const svg = await measuringText(() => view.toSVG());
    return inTags(svg, (tag) =>
      tag
        .replace(/ id="([^"]+)"/g, (_, id: string) => ` id="${name}-${id}"`)
        .replace(/url\(#([^)]+)\)/g, (_, id: string) => `url(#${name}-${id})`),
    );
  } finally {
    view.finalize();
  }
}

/** Width and height of a drawing, in pixels. */
export function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const read = (name: string): number => Number(new RegExp(`^<svg[^>]* ${name}="([\\d.]+)"`).exec(svg)?.[1] ?? 0);
  return { width: read('width'), height: read('height') };
}

/** The SVG with each of its tags replaced; Vega writes no `>` inside of them. Texts stay as they are. */
export function inTags(svg: string, change: (tag: string) => string): string {
  return svg.replace(/<[a-z][^>]*>/gi, change);
}

/** Warnings of Vega and Vega-Lite are of no use to who reads a report; errors are thrown. */
const quiet: vega.LoggerInterface = {
  level: (() => quiet) as vega.LoggerInterface['level'],
  error: fail,
  warn: () => quiet,
  info: () => quiet,
  debug: () => quiet,
};

/** A record may come from anywhere: what its specs would load stays where it is. */
const offline: vega.Loader = {
  ...vega.loader(),
  load: () => refuse(),
  // Vega waits for no answer here, and a refusal would end the program.
  sanitize: async () => ({ href: '' }),
  http: () => refuse(),
  file: () => refuse(),
};

async function refuse(): Promise<never> {
  throw new Error('a figure has its data inside and loads nothing');
}

function fail(...problem: readonly unknown[]): never {
  throw new Error(`vega-lite: ${problem.join(' ')}`);
}

/**
 * Advances of letters in shares of the size of the font, of a wide sans-serif: a narrower font
 * leaves some air, and no label is cut off.
 */
const advances: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,:;'’|!]/, 0.32],
  [/[\s()[\]/\\ftr-]/, 0.4],
  [/[mwMW%@—]/, 0.95],
  [/[A-Z]/, 0.69],
  [/[a-z0-9]/, 0.62],
];
const otherwise = 0.84;

/** Width of a line of text in pixels, without a canvas to measure it on. */
export function textWidth(text: string, fontSize: number): number {
  let sum = 0;
  for (const letter of text) sum += advances.find(([letters]) => letters.test(letter))?.[1] ?? otherwise;
  return sum * fontSize;
}

interface TextItem {
  readonly fontSize?: number;
  readonly text?: unknown;
}

/** Where Vega asks for widths of text; its own estimate leaves labels a third too much room. */
interface TextMetrics {
  width(item: TextItem, text?: unknown): number;
}

/** Lets Vega measure text by {@link textWidth} while `body` runs. */
async function measuringText<T>(body: () => Promise<T>): Promise<T> {
  const { textMetrics } = vega as unknown as { readonly textMetrics: TextMetrics };
  const before = textMetrics.width;
  textMetrics.width = (item, text = item.text) => textWidth(String(text ?? ''), item.fontSize ?? 11);
  try {
    return await body();
  } finally {
    textMetrics.width = before;
  }
}
