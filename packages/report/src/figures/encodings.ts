import { dashes, seriesColours, seriesShapes } from './theme.js';

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
