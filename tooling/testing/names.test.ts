import { expect, it } from 'vitest';
import { difference, namesIn } from './names.mjs';

const tests = [
  { name: 'pgd > climbs', file: '/here/packages/attacks/test/pgd.test.ts' },
  { name: 'fits', file: '/here/packages/training/src/fit.test.ts' },
  { name: 'bim > climbs', file: '/here/packages/attacks/src/bim.test.ts' },
];

it('takes names without files, sorted', () => {
  expect(namesIn(tests)).toEqual(['bim > climbs', 'fits', 'pgd > climbs']);
  expect(namesIn(tests, ['packages/attacks', 'tooling/'])).toEqual(['bim > climbs', 'pgd > climbs']);
});

it('finds what is gone and what is new, also of a name that stood twice', () => {
  expect(difference(['a', 'b', 'b', 'c'], ['a', 'b', 'd'])).toEqual({ gone: ['b', 'c'], added: ['d'] });
  expect(difference(['a'], ['a'])).toEqual({ gone: [], added: [] });
});
