import { describe, expect, it } from 'vitest';
import { csvOf } from './figure.js';

describe('text', () => {
  it('quotes CSV', () => {
    const rows = [{ a: 'x,"y"\n', b: 0.1 }];
    expect(csvOf({ columns: { a: 'A', b: 'B', c: 'C' }, rows })).toBe('a,b,c\r\n"x,""y""\n",0.1,\r\n');
  });
});
