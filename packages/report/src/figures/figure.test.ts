import { describe, expect, it } from 'vitest';
import { csvOf } from './figure.js';

describe('text', () => {
  it('quotes CSV', () => {
    const rows = [{ a: 'x,"y"\n', b: 0.1 }];
    expect(csvOf({ columns: { a: 'A', b: 'B', c: 'C' }, rows })).toBe('a,b,c\r\n"x,""y""\n",0.1,\r\n');
  });

  it('is no formula in a spreadsheet, and numbers stay numbers', () => {
    const cells = ['=1+1', '+x', '-x', '@sum', '\tx', '-0.5', '-'].map((a) => ({ a }));
    expect(csvOf({ columns: { '=h': '', a: '' }, rows: [...cells, { a: -0.5 }] }).split('\r\n')).toEqual([
      `'=h,a`,
      `,'=1+1`,
      `,'+x`,
      `,'-x`,
      `,'@sum`,
      `,'\tx`,
      ',-0.5',
      `,'-`,
      ',-0.5',
      '',
    ]);
  });
});
