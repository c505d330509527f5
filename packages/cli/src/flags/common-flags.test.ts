import { describe, expect, it } from 'vitest';
import { parseEpsilon, parseEpsilons } from './common-flags.js';

describe('parseEpsilons', () => {
  it.each([
    ['0.3', [0.3]],
    ['8/255', [8 / 255]],
    ['.5', [0.5]],
    ['1e-2', [0.01]],
    ['2/255, 4/255,0.1', [2 / 255, 4 / 255, 0.1]],
    ['0.1, inf', [0.1, Infinity]],
    ['Infinity', [Infinity]],
  ])('reads %s', (text, expected) => expect(parseEpsilons(text)).toEqual(expected));

  it.each(['', '-1', '0', '8/0', 'abc', '1/2/3', '0.1,', '-inf', '1/inf'])('refuses %j', (text) =>
    expect(() => parseEpsilons(text)).toThrow('ADVROB_USAGE'),
  );
});

it('parseEpsilon reads one finite radius', () => {
  expect(parseEpsilon(' 8/255 ')).toBe(8 / 255);
  for (const text of ['inf', '0.1,0.2', '0']) expect(() => parseEpsilon(text)).toThrow('ADVROB_USAGE');
});
