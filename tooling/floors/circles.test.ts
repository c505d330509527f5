import { expect, it } from 'vitest';
import { circlesOf } from './circles.mjs';

/** `a: 'b x y, c'`: a takes x and y from b, and c for its side effects. */
function graph(files: Record<string, string>) {
  return new Map(
    Object.entries(files).map(([file, imports]) => [
      file,
      new Map(
        imports
          .split(', ')
          .filter((each) => each !== '')
          .map((each) => [each.split(' ')[0]!, each.split(' ').slice(1)]),
      ),
    ]),
  );
}

it('finds none where every import goes down', () => {
  expect(circlesOf(graph({ top: 'left x, right y', left: 'low z', right: 'low z', low: '' }))).toEqual([]);
});

it('names the files and what ties them', () => {
  expect(circlesOf(graph({ b: 'a One', a: 'b two three, free x', free: '' }))).toEqual([
    'a -> b (two, three) -> a (One)',
  ]);
});

it('takes the shortest of a group, and says that there are more', () => {
  expect(circlesOf(graph({ a: 'b x', b: 'c x', c: 'a x, d y', d: 'c z' }))).toEqual([
    'c -> d (y) -> c (z) (one of the circles of 4 files)',
  ]);
});

it('tells groups apart, also when one reaches the other', () => {
  expect(circlesOf(graph({ a: 'b x', b: 'a x, c x', c: 'd', d: 'c x' }))).toEqual([
    'a -> b (x) -> a (x)',
    'c -> d (side effects) -> c (x)',
  ]);
});

it('counts a file that imports itself', () => {
  expect(circlesOf(graph({ a: 'a x', b: '' }))).toEqual(['a -> a (x)']);
});
