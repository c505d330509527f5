// Asks the index of the search what new users ask.
import { createRequire } from 'node:module';
import { miniSearch, questions } from './search.mjs';

// VitePress brings it.
const MiniSearch = createRequire(import.meta.resolve('vitepress'))('minisearch');
const settings = {
  fields: ['title', 'titles', 'text'],
  storeFields: ['title', 'titles'],
  ...miniSearch.options,
  searchOptions: miniSearch.searchOptions,
};

/** The index that VitePress wrote. */
export const loadIndex = (json) => MiniSearch.loadJSON(json, settings);

/** An index of Markdown pages, by headings, as VitePress makes it of the finished pages. */
export function indexOf(pages) {
  const index = new MiniSearch(settings);
  for (const { id, text } of pages) {
    const titles = [];
    for (const [i, part] of ` \n${text}`
      .split(/\n(?=#{1,4} )/)
      .slice(1)
      .entries()) {
      const [, marks, title] = /^(#+) (.*)/.exec(part);
      titles.length = marks.length - 1;
      const above = titles.filter(Boolean);
      titles[marks.length - 1] = title;
      index.add({ id: i === 0 ? id : `${id}#${i}`, title, titles: above, text: part.slice(part.indexOf('\n') + 1) });
    }
  }
  return index;
}

/** Questions whose page is not among the first three, with what came instead. */
export function missedBy(index) {
  return questions.flatMap(([question, wanted]) => {
    const found = index
      .search(question)
      .slice(0, 3)
      .map(({ id }) => id);
    const pageOf = (id) =>
      id
        .slice(1)
        .split('#')[0]
        .replace(/\.html$/, '');
    const isWanted = (id) =>
      wanted.some((page) => pageOf(id) === page || (page.endsWith('/') && pageOf(id).startsWith(page)));
    return found.some(isWanted) ? [] : [`${question}: ${found.join(', ')}`];
  });
}
