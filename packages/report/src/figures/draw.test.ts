import { expect, it } from 'vitest';
import { textWidth } from './draw.js';

it('text is given about the room it takes', () => {
  expect(textWidth('', 12)).toBe(0);
  expect(textWidth('ii', 10)).toBeLessThan(textWidth('mm', 10));
  expect(textWidth('Robust accuracy', 13)).toBeGreaterThan(90);
  expect(textWidth('Robust accuracy', 13)).toBeLessThan(125);
});
