import { describe, expect, it } from 'vitest';
import { applySettings, parseSetting } from './settings.js';

describe('settings', () => {
  const parts = [
    { name: 'pgd', options: {}, known: ['steps', 'stepSize'] },
    { name: 'fgsm', options: {}, known: ['stepSize'] },
    { name: 'apgd-ce', options: {}, known: ['steps'] },
  ];
  const apply = (...texts: string[]): unknown =>
    applySettings(parts, texts.map(parseSetting)).map(({ options }) => options);

  it('gives a bare key to every part that has it, an owned key to its owner', () => {
    expect(apply('steps=5')).toEqual([{ steps: 5 }, {}, { steps: 5 }]);
    expect(apply('steps=5', 'apgd-ce.steps=7')).toEqual([{ steps: 5 }, {}, { steps: 7 }]);
    expect(apply('stepSize=0.01', 'start=zero'.replace('start', 'pgd.stepSize'))).toEqual([
      { stepSize: 'zero' },
      { stepSize: 0.01 },
      {},
    ]);
  });

  it('reads values as YAML', () => {
    expect(parseSetting('a=[1, 2]').value).toEqual([1, 2]);
    expect(parseSetting('a=true').value).toBe(true);
    expect(parseSetting('a.b=x=y')).toEqual({ owner: 'a', key: 'b', value: 'x=y' });
    for (const text of ['a=*nobody', 'a=[1', 'a=&b [*b]']) expect(() => parseSetting(text)).toThrow('ADVROB_USAGE');
  });

  it('refuses keys that nobody has, owners that are not there, and what is no setting', () => {
    expect(() => apply('stpes=5')).toThrow('did you mean steps');
    expect(() => apply('fgsm.steps=5')).toThrow(/fgsm has no such option/);
    expect(() => apply('square.steps=5')).toThrow('there is no square here');
    expect(() => apply('steps')).toThrow('expected key=value');
  });

  it('leaves the parts given as they were', () => {
    apply('steps=5');
    expect(parts[0]!.options).toEqual({});
  });
});
