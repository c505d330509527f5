import { expect, it } from 'vitest';
import { contentsOf } from './contents.js';
import { html } from './html.js';

const section = (id: string, title: string) => html`<h2 id="${id}">${title}</h2>`;
const four = ['a', 'b', 'c'].map((id) => section(id, id.toUpperCase()));

it('links to every section in the order of the page', () => {
  const found = contentsOf([...four, section('d', 'D')])!.html;
  expect([...found.matchAll(/href="#(.)">(.)</g)].map(([, id, title]) => id! + title!)).toEqual([
    'aA',
    'bB',
    'cC',
    'dD',
  ]);
});

it('leaves a short page alone', () => expect(contentsOf(four)).toBeUndefined());

it('takes no text of a record for a heading', () => {
  const hostile = section('d', '<h2 id="x">owned</h2><script>');
  const found = contentsOf([...four, hostile, html`<p>${'<h2 id="y">owned</h2>'}</p>`])!.html;
  expect(found.match(/<li>/g)).toHaveLength(4);
  expect(found).not.toMatch(/<script|#x|#y/);
});
