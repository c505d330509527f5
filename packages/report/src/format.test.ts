import { describe, expect, it } from 'vitest';
import { countText, durationText, epsilonText, settingsText } from './format.js';

describe('text', () => {
  it('writes numbers as people do', () => {
    expect([0.3, 8 / 255, 0.031, 2, 1 / 3].map(epsilonText)).toEqual(['0.3', '8/255', '0.031', '2', '85/255']);
    expect([999, 1000, 1234567].map(countText)).toEqual(['999', '1,000', '1,234,567']);
    expect([1.23, 61, 3700].map(durationText)).toEqual(['1.2 s', '1 min 1 s', '1 h 1 min']);
    expect(settingsText({ steps: 3, a: [1], b: null })).toBe('steps 3, a [1], b null');
  });
});
