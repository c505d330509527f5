import type { AnalysisResult } from '@advrob/evaluation';
import type { TopLevelSpec } from 'vega-lite';
import { draw, sizeOf } from './draw.js';
import type { Figure, Width } from './figure.js';
import { checkInert } from './inert.js';
import { figureWidth, pageSpec } from './theme.js';

/** JSON of a spec, as far as it is looked into. */
type Spec = Readonly<Record<string, unknown>>;

/** A view is drawn no higher than this, in pixels. */
const mostHeight: Readonly<Record<Width, number>> = { wide: 420, narrow: 330 };
/** And no lower, so that the title of its axis fits beside it. */
const leastHeight = 130;
/** Height over width of a view that says nothing about it. */
const usualRatio: Readonly<Record<Width, number>> = { wide: 0.38, narrow: 0.85 };
/** Narrower than this no view says much. */
const leastInner = 60;

/**
 * Fits any Vega-Lite spec to the page: its width and colours, panels below each other on a phone. A
 * view that gives width and height keeps their ratio. How much room axes, headers and legends take
 * is only known from a drawing, so one is made and looked at.
 */
async function fitted(spec: Spec, width: Width): Promise<TopLevelSpec> {
  const arranged = arrange(withQuietLogs(spec) as Spec, width);
  const wanted = figureWidth[width];
  const across = panelsAcross(arranged);
  let inner = wanted / across;
  // Labels thin out as a view shrinks, so the room they take changes once more.
  for (let round = 0; round < 3; round++) {
    const { width: drawn } = sizeOf(await draw(sized(arranged, inner, width), 'fit'));
    if (Math.abs(drawn - wanted) < 1) break;
    inner = Math.max(leastInner, Math.floor(inner - (drawn - wanted) / across));
  }
  return sized(arranged, inner, width);
}

/**
 * Logarithmic axes with a line for each power of ten; where there is but one of them for each
 * digit. Vega would draw all digits of five decades.
 */
function withQuietLogs(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withQuietLogs);
  if (typeof part !== 'object' || part === null) return part;
  const inner = Object.entries(part).map(
    ([key, value]) => [key, key === 'data' ? value : withQuietLogs(value)] as const,
  );
  const copy = Object.fromEntries(inner) as Spec;
  const { type } = (copy['scale'] ?? {}) as { readonly type?: unknown };
  if (type !== 'log' || copy['axis'] === null) return copy;
  return { ...copy, axis: { tickCount: 2, ...(copy['axis'] as Spec | undefined) } };
}

/** Beside each other where there is room, below each other where there is not. */
function arrange(spec: Spec, width: Width): Spec {
  if (width === 'wide') return spec;
  const { hconcat, facet, encoding, ...rest } = spec as Spec & { facet?: Spec; encoding?: Spec };
  return {
    ...rest,
    ...(hconcat !== undefined && { vconcat: hconcat }),
    ...(facet && { facet: below(facet) }),
    ...(encoding && { encoding: below(encoding) }),
  };
}

/** Columns become rows, unless there are rows already. */
function below({ column, ...others }: Spec): Spec {
  return column === undefined || 'row' in others
    ? { ...others, ...(column !== undefined && { column }) }
    : { ...others, row: column };
}

function panelsAcross(spec: Spec): number {
  if (Array.isArray(spec['hconcat'])) return spec['hconcat'].length;
  const from = (spec['facet'] ?? spec['encoding']) as Spec | undefined;
  const column = from?.['column'] as { readonly field?: string } | undefined;
  if (column?.field === undefined) return 1;
  const { values = [] } = (spec['data'] ?? {}) as { readonly values?: readonly Spec[] };
  return Math.max(1, new Set(values.map((row) => row[column.field!])).size);
}

/** The spec with views of this width, in the page's colours. */
function sized(spec: Spec, inner: number, width: Width): TopLevelSpec {
  const { width: _, height: __, config: ___, ...plain } = spec;
  const views = ['hconcat', 'vconcat'].find((key) => Array.isArray(spec[key]));
  const own = (view: Spec): Spec => ({ ...view, ...viewSize(view, inner, width) });
  const body: Spec =
    views !== undefined
      ? { ...plain, [views]: (spec[views] as Spec[]).map(own) }
      : spec['spec'] !== undefined
        ? { ...plain, spec: own(spec['spec'] as Spec) }
        : { ...plain, ...viewSize(spec, inner, width) };
  return pageSpec(width, body);
}

function viewSize({ width: given, height }: Spec, inner: number, width: Width): Spec {
  if (typeof height === 'object' && height !== null) return { width: inner, height };
  const isGiven = typeof given === 'number' && typeof height === 'number';
  const ratio = isGiven ? height / given : usualRatio[width];
  const high = Math.min(mostHeight[width], Math.max(leastHeight, Math.round(inner * ratio)));
  // A square stays one: where it cannot be higher it is not wider either.
  return { width: isGiven && ratio > 0.7 ? Math.round(high / ratio) : inner, height: high };
}

/**
 * A figure that an analysis gave, as figures of the report are.
 *
 * @throws AdvrobError `ADVROB_RECORD` for a spec that is more than a drawing of its own data.
 */
export async function analysisFigure({ spec, ...given }: AnalysisResult['figures'][number]): Promise<Figure> {
  checkInert(spec);
  const specs = { wide: await fitted(spec, 'wide'), narrow: await fitted(spec, 'narrow') };
  return { ...given, spec: (width) => specs[width] };
}
