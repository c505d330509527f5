import { describe, expect, it } from 'vitest';
import { colours, type Theme } from './colours.js';

describe('contrast', () => {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };
  it.each(Object.keys(colours) as Theme[])('%s: text 4.5 to 1 (WCAG 1.4.3), graphics 3 to 1 (1.4.11)', (theme) => {
    const { paper, panel, ink, quiet, link, good, bad, series } = colours[theme];
    for (const text of [ink, quiet, link, good, bad])
      for (const ground of [paper, panel]) expect(contrast(text, ground)).toBeGreaterThan(4.5);
    for (const colour of series) expect(contrast(colour, paper)).toBeGreaterThan(3);
  });
});
