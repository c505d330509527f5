import type { Config, TopLevelSpec } from 'vega-lite';
import type { Width } from './figure.js';

/**
 * Colours by what they are for, in both themes. Series colours are told apart with the common
 * colour vision deficiencies and have a contrast of at least 3 to 1 on their paper; text has at
 * least 4.5 to 1.
 */
export const colours = {
  light: {
    paper: '#ffffff',
    panel: '#f5f6f8',
    ink: '#1a1d21',
    quiet: '#565d66',
    line: '#d9dde2',
    link: '#0b57a4',
    good: '#0a6b49',
    bad: '#a8321f',
    series: ['#0b62a8', '#c2500a', '#0a7d55', '#8e3fa8', '#7a5f00', '#51606e'],
  },
  dark: {
    paper: '#14171c',
    panel: '#1d2128',
    ink: '#e8eaed',
    quiet: '#a3abb6',
    line: '#353c46',
    link: '#86bdf7',
    good: '#5fd3a4',
    bad: '#f59a87',
    series: ['#6cb4f5', '#f59a55', '#4fcf9d', '#d79bf0', '#e3c04b', '#a9b8c6'],
  },
} as const;

export type Theme = keyof typeof colours;

/** Custom properties of the page, which figures refer to. */
export function themeProperties(theme: Theme): string {
  const { series, ...named } = colours[theme];
  const all = [...Object.entries(named), ...series.map((colour, i) => [`series-${i + 1}`, colour] as const)];
  return all.map(([name, colour]) => `--${name}: ${colour};`).join(' ');
}

/** The colours in place of the custom properties, for a figure that stands alone. */
export function withColours(svg: string, theme: Theme): string {
  const { series, ...named } = colours[theme];
  return svg.replace(/var\(--([a-z]+)(?:-(\d))?\)/g, (whole, name: string, place?: string) =>
    place ? (series[Number(place) - 1] ?? whole) : (named[name as keyof typeof named] ?? whole),
  );
}

export const seriesColours = colours.light.series.map((_, i) => `var(--series-${i + 1})`);
export const seriesShapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'];
export const dashes = [
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
