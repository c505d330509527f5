import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { measuringText } from './text-width.js';

/**
 * SVG of a Vega-Lite spec, without a browser.
 *
 * @param prefix - Ids of the drawing begin with it, so that several figures can share a page.
 * @throws Error for a spec that Vega-Lite cannot draw.
 */
export async function draw(spec: TopLevelSpec, prefix: string): Promise<string> {
  const quiet = { level: () => quiet, error: fail, warn: () => quiet, info: () => quiet, debug: () => quiet };
  const { spec: compiled } = compile(spec, { logger: quiet });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error, loader: offline });
  try {
    vega.resetSVGDefIds();
    const svg = await measuringText(() => view.toSVG());
    return svg.replace(/\bid="([^"]+)"/g, `id="${prefix}-$1"`).replace(/url\(#([^)]+)\)/g, `url(#${prefix}-$1)`);
  } finally {
    view.finalize();
  }
}

/** Width and height of a drawing, in pixels. */
export function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const read = (name: string): number => Number(new RegExp(`^<svg[^>]* ${name}="([\\d.]+)"`).exec(svg)?.[1] ?? 0);
  return { width: read('width'), height: read('height') };
}

/** A record may come from anywhere: what its specs would load stays where it is. */
const offline: vega.Loader = {
  ...vega.loader(),
  load: () => refuse(),
  sanitize: () => refuse(),
  http: () => refuse(),
  file: () => refuse(),
};

async function refuse(): Promise<never> {
  throw new Error('a figure has its data inside and loads nothing');
}

function fail(...problem: readonly unknown[]): never {
  throw new Error(`vega-lite: ${problem.join(' ')}`);
}
