import type { Config, TopLevelSpec } from 'vega-lite';
import { colours } from '../page/colours.js';
import type { Width } from './figure.js';

const seriesColours = colours.light.series.map((_, i) => `var(--series-${i + 1})`);
const seriesShapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'];
const dashes = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [1, 3],
  [10, 4],
];

/** Space for the whole figure, in pixels. */
export const figureWidth: Readonly<Record<Width, number>> = { wide: 900, narrow: 328 };

/** A Vega-Lite spec in the colours and letters of the page. */
export function pageSpec(width: Width, body: object): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...body,
    config: figureConfig(width),
  } as TopLevelSpec;
}

/** How every figure looks. */
function figureConfig(width: Width): Config {
  const fontSize = width === 'wide' ? 13 : 12;
  const text = {
    labelColor: 'var(--quiet)',
    titleColor: 'var(--ink)',
    labelFontSize: fontSize,
    titleFontSize: fontSize,
  };
  return {
    background: 'transparent',
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    axis: {
      ...text,
      titleFontWeight: 'normal',
      gridColor: 'var(--line)',
      domainColor: 'var(--quiet)',
      tickColor: 'var(--quiet)',
      titlePadding: 8,
      labelLimit: width === 'wide' ? 300 : 130,
    },
    // On a logarithmic axis every digit would get its line.
    axisQuantitative: { tickCount: width === 'wide' ? 8 : 5 },
    axisX: { grid: false, labelFlush: false },
    axisY: { domain: false, ticks: false, labelPadding: 6 },
    legend: {
      ...text,
      orient: 'top',
      direction: 'horizontal',
      columns: width === 'wide' ? 4 : 1,
      labelLimit: width === 'wide' ? 200 : 270,
      titleFontWeight: 'normal',
      titleLimit: 300,
      gradientLength: 200,
      symbolStrokeWidth: 2,
      symbolSize: 90,
      symbolOpacity: 1,
    },
    header: { labelColor: 'var(--ink)', titleColor: 'var(--ink)', labelFontSize: fontSize, titleFontSize: fontSize },
    mark: { color: seriesColours[0]! },
    rule: { color: 'var(--ink)' },
    text: { color: 'var(--ink)', fontSize },
    // Scales of numbers mix their colours, which custom properties cannot: one that reads well on
    // both papers, to all eyes, and in grey.
    range: {
      category: seriesColours,
      symbol: seriesShapes,
      heatmap: { scheme: 'viridis' },
      ramp: { scheme: 'viridis' },
      diverging: { scheme: 'purpleorange' },
    },
  };
}

/** Colour and shape of models, always in the order of the report. */
export function modelColour(names: readonly string[], hasLegend = true): object {
  return {
    field: 'model',
    type: 'nominal',
    scale: { domain: [...names], range: names.map((_, i) => seriesColours[i % seriesColours.length]!) },
    legend: hasLegend ? { title: 'Model' } : null,
  };
}

export function modelShape(names: readonly string[]): object {
  return {
    field: 'model',
    type: 'nominal',
    scale: { domain: [...names], range: names.map((_, i) => seriesShapes[i % seriesShapes.length]!) },
    legend: { title: 'Model' },
  };
}

/** Dashes of a further distinction; the first name is drawn solid. */
export function dash(field: string, title: string, names: readonly string[]): object {
  return {
    field,
    type: 'nominal',
    scale: { domain: [...names], range: names.map((_, i) => dashes[i % dashes.length]!) },
    legend:
      names.length > 1
        ? {
            title,
            symbolType: 'stroke',
            symbolSize: 700,
            symbolStrokeColor: 'var(--ink)',
            symbolFillColor: 'transparent',
          }
        : null,
  };
}

/** An axis of shares from 0 to 100%. */
export function shareAxis(title: string): object {
  return { title, format: '.0%', tickCount: 5 };
}
