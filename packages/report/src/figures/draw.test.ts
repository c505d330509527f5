import { expect, it } from 'vitest';
import { draw, textWidth } from './draw.js';
import { renderFigure } from './render-figure.js';

it('text is given about the room it takes', () => {
  expect(textWidth('', 12)).toBe(0);
  expect(textWidth('ii', 10)).toBeLessThan(textWidth('mm', 10));
  expect(textWidth('Robust accuracy', 13)).toBeGreaterThan(90);
  expect(textWidth('Robust accuracy', 13)).toBeLessThan(125);
});

const gradient = {
  data: { values: [{ x: 1, name: 'a' }] },
  mark: 'point',
  encoding: {
    x: { field: 'x', type: 'quantitative' },
    color: { field: 'x', type: 'quantitative' },
    row: { field: 'name', type: 'nominal' },
  },
} as const;

it('a prefix is no markup, whatever it is', async () => {
  const svg = await draw(gradient, `a"><script>$&$'`);
  expect(svg).not.toContain('<script');
  expect(svg).toContain('fill="url(#a___script___');
});

it('texts that look like attributes stay texts', async () => {
  const name = ' role="x id="y fill="var(--ink)';
  const spec = { ...gradient, data: { values: [{ x: 1, name }] } };
  const figure = { id: 'f', title: 't', caption: 'c', alt: 'a', rows: [], columns: {}, spec: () => spec };
  const { drawing } = await renderFigure(figure);
  if ('problem' in drawing) throw new Error(drawing.problem);
  for (const svg of [drawing.inline.wide, drawing.svg]) expect(svg).toContain(`>${name.trim()}</text>`);
});
