import { expect, it } from 'vitest';
import * as z from 'zod';
import { issuesInWords } from './option-issues.js';

const part = z.union([
  z.string().min(1),
  z.strictObject({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
]);
const schema = z.strictObject({
  steps: z.int().min(1).optional(),
  rate: z.number().max(1).optional(),
  side: z.number().lt(2).optional(),
  norm: z.enum(['linf', 'l2']).optional(),
  classes: z.array(z.int()).min(1).optional(),
  range: z.tuple([z.number(), z.number()]).optional(),
  own: z.string().regex(/^a/, 'begins with a').optional(),
  even: z.number().multipleOf(2).optional(),
  name: z.string().min(1).optional(),
  version: z.literal(1).optional(),
  isOn: z.boolean().optional(),
  map: z.record(z.string().regex(/^[a-z]+$/, 'lower case letters'), z.number()).optional(),
  size: z.union([z.int(), z.tuple([z.int(), z.int()])]).optional(),
  part: part.optional(),
});

function says(input: unknown): string[] {
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise || result.issues === undefined) return [];
  return issuesInWords(result.issues, input).map(({ path, words }) => `${path.join('.')}: ${words}`);
}

it.each([
  [{ steps: 'many' }, 'steps: expected a number, got "many"'],
  [{ steps: 1.5 }, 'steps: expected a whole number, got 1.5'],
  [{ steps: 0 }, 'steps: expected at least 1, got 0'],
  [{ rate: 1.5 }, 'rate: expected at most 1, got 1.5'],
  [{ rate: NaN }, 'rate: expected a number, got NaN'],
  [{ side: 2 }, 'side: expected less than 2, got 2'],
  [{ norm: 'l3' }, 'norm: expected linf or l2, got "l3"; did you mean l2?'],
  [{ norm: ['l2'] }, 'norm: expected linf or l2, got ["l2"]'],
  [{ classes: [] }, 'classes: expected at least 1 entry, got []'],
  [{ classes: [1, 'two'] }, 'classes.1: expected a number, got "two"'],
  [{ range: 3 }, 'range: expected a list, got 3'],
  [{ range: [3] }, 'range: expected at least 2 entries, got [3]'],
  [{ own: 'b' }, 'own: begins with a'],
  [{ even: 3 }, 'even: expected a multiple of 2, got 3'],
  [{ name: '' }, 'name: expected text that is not empty, got ""'],
  [{ version: 2 }, 'version: expected 1, got 2'],
  [{ isOn: 'yes' }, 'isOn: expected true or false, got "yes"'],
  [{ map: { A: 1 } }, 'map.A: lower case letters'],
  [{ size: 'big' }, 'size: expected a number, or a list, got "big"'],
  [{ size: [1, 'x'] }, 'size.1: expected a number, got "x"'],
  [{ part: 3 }, 'part: expected text, or an object with keys, got 3'],
  [{ part: { name: 3, options: {} } }, 'part.name: expected text, got 3'],
  [{ part: { name: 'a' } }, 'part.options: missing: expected an object with keys'],
  [{ part: { name: 'a', options: {}, optoins: 1 } }, 'part: unknown key optoins'],
  [{ stpes: 1, rtae: 2 }, ': unknown keys stpes, rtae'],
  ['text', ': expected an object with keys, got "text"'],
])('%j', (input, words) => {
  expect(says(input)).toEqual([words]);
});

it('says all that is wrong, and keeps the messages of other validators', () => {
  expect(says({ steps: 0, rate: 2 })).toHaveLength(2);
  expect(issuesInWords([{ message: 'no', path: [{ key: 'a' }, 0] }], {})).toEqual([{ path: ['a', 0], words: 'no' }]);
});
