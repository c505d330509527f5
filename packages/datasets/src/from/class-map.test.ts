import { expect, it } from 'vitest';
import { refused } from '../../test/example-files.js';
import { parseClassMap } from './class-map.js';

const tench = 'n01440764';
const goldfish = 'n01443537';

it.each([
  ['a list of names', '["tench, Tinca tinca", "goldfish"]'],
  ['names by index', '{"1": "goldfish", "0": "tench, Tinca tinca"}'],
  ['Keras', `{"0": ["${tench}", "tench, Tinca tinca"], "1": ["${goldfish}", "goldfish"]}`],
  ['indices by name', '{"goldfish": 1, "tench, Tinca tinca": 0}'],
  ['names by WordNet id', `{"${goldfish}": "goldfish", "${tench}": "tench, Tinca tinca"}`],
  ['lines', 'tench, Tinca tinca\ngoldfish\n'],
  ['LOC_synset_mapping.txt', `${tench} tench, Tinca tinca\r\n${goldfish} goldfish\r\n`],
])('reads %s', (what, text) => {
  const map = parseClassMap(text, 'classes');
  expect([map.numClasses, map.classNames]).toEqual([2, ['tench, Tinca tinca', 'goldfish']]);
  for (const name of ['tench', 'Tinca tinca', 'tench, Tinca tinca']) expect(map.labelOf(name, 'x')).toBe(0);
  expect(map.labelOf('goldfish', 'x')).toBe(1);
  if (text.includes(tench)) expect([tench, goldfish].map((id) => map.labelOf(id, 'x'))).toEqual([0, 1]);
  else expect(() => map.labelOf(tench, what)).toThrow(refused('ADVROB_LABEL', 'no class'));
});

it('takes WordNet ids alone, and names that two classes share by their ids', () => {
  expect(parseClassMap(`${tench}\n${goldfish}`, 'x').labelOf(goldfish, 'x')).toBe(1);
  const cranes = parseClassMap('n02012849 crane\nn03126707 crane', 'x');
  expect(cranes.labelOf('n03126707', 'x')).toBe(1);
  expect(() => cranes.labelOf('crane', 'x')).toThrow(refused('ADVROB_LABEL', 'several labels .*0, 1'));
});

it.each([
  ['gaps', '{"0": "a", "2": "b"}', '0, 2'],
  ['two classes of one index', '{"a": 1, "b": 1}', '1, 1'],
  ['other JSON', '{"a": "b"}', "the key 'a'"],
  ['broken JSON', '{"a"', 'JSON'],
  ['numbers for names', '[1, 2]', 'found 1'],
  ['nothing', '', 'found none'],
])('refuses %s', (_, text, says) => {
  expect(() => parseClassMap(text, 'classes')).toThrow(refused('ADVROB_DATA_FORMAT', says));
});
