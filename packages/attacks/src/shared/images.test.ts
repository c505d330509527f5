import { expect, it } from 'vitest';
import { frameOf } from './images.js';

it('sees images and lines', () => {
  expect(frameOf([28, 20, 3])).toEqual({ height: 28, width: 20, channels: 3 });
  expect(frameOf([28, 20])).toEqual({ height: 28, width: 20, channels: 1 });
  expect(frameOf([50])).toEqual({ height: 1, width: 50, channels: 1 });
  expect(frameOf([2, 3, 4, 5])).toEqual({ height: 1, width: 120, channels: 1 });
});
