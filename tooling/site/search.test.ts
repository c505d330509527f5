// The first three results of forty questions, on an index of all Markdown pages with the settings of the site. The index with the API
// reference in it is asked the same in tooling/browser, after the site is built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { markdownFiles } from '../docs/blocks.mjs';
import { root } from '../fresh/prepare.mjs';
import { indexOf, missedBy } from './ask.mjs';
import { pageOf } from './pages.mjs';
import { questions } from './search.mjs';

const pages = markdownFiles().map((file) => ({
  id: `/${pageOf(file)!
    .replace(/(^|\/)index\.md$/, '$1')
    .replace(/\.md$/, '.html')}`,
  text: readFileSync(join(root, file), 'utf8'),
}));

it('asks forty questions', () => expect(questions.length).toBe(40));

it('answers them with the right page among the first three', () => {
  expect(missedBy(indexOf(pages))).toEqual([]);
});

it('tells what is missed', () => {
  expect(missedBy(indexOf(pages.slice(0, 2))).length).toBeGreaterThan(20);
});
