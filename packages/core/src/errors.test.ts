import { describe, expect, it } from 'vitest';
import { didYouMean, nearNames } from './errors.js';

describe('names that look like another', () => {
  it.each([
    ['a swap is nearer than two letters replaced', 'pdg', ['ddn', 'pgd'], ['pgd', 'ddn']],
    ['a letter too many', 'stepps', ['steps', 'seed'], ['steps']],
    ['the beginning of a name', 'auto', ['autoattack', 'pgd'], ['autoattack']],
    ['capitals', 'PGD', ['pgd'], ['pgd']],
    ['nothing alike', 'wavelets', ['pgd', 'mim'], []],
    ['three at most', 'fgs', ['fgsm', 'fgs1', 'fgs2', 'fgs3'], ['fgsm', 'fgs1', 'fgs2']],
  ] as const)('%s', (_, name, known, expected) => expect(nearNames(name, known)).toEqual(expected));

  it('are what a message ends with, or else what there is', () => {
    expect(didYouMean('pdg', ['pgd', 'ddn'])).toBe('did you mean pgd or ddn?');
    expect(didYouMean('wavelets', ['pgd', 'mim'])).toBe('known: pgd, mim');
    expect(didYouMean('wavelets', ['pgd'], 'it has none')).toBe('it has none');
  });
});
