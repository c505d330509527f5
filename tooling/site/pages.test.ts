import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { expect, it } from 'vitest';
import { markdownFiles } from '../docs/blocks.mjs';
import { root } from '../fresh/prepare.mjs';
import { leaderboard } from './leaderboard.mjs';
import { guides, pageOf, withSiteLinks } from './pages.mjs';

it('knows where a file stands', () => {
  expect(pageOf('README.md')).toBe('index.md');
  expect(pageOf('packages/core/README.md')).toBe('packages/core.md');
  expect(pageOf('docs/decisions/0001-floors.md')).toBe('decisions/0001-floors.md');
  expect(pageOf('studies/README.md')).toBe('studies/index.md');
  expect(pageOf('studies/dale/README.md')).toBe('studies/dale/index.md');
  expect(pageOf('studies/dale/run.mjs')).toBeUndefined();
  expect(pageOf('packages/core/src/index.ts')).toBeUndefined();
});

it('has every page of docs/ in the sidebar', () => {
  // Decisions, attacks and kinds of plugins stand there by their folders.
  const pages = markdownFiles().filter(
    (file) => !/^(packages|studies|docs\/(decisions|attacks|plugins))\/|^README/.test(file),
  );
  const names = pages.map((file) => pageOf(file)!.replace('.md', ''));
  expect(names.toSorted()).toEqual([...Object.keys(guides), 'cli', 'errors'].toSorted());
});

it('links from pages to pages that there are', async () => {
  const pages = new Set(markdownFiles().map((file) => pageOf(file)));
  for (const file of markdownFiles()) {
    const text = withSiteLinks(await readFile(join(root, file), 'utf8'), file).replace(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\((\.[^)#\s]*\.md)/g)].map(([, to]) =>
      posix.join(posix.dirname(pageOf(file)!), to!),
    );
    expect(
      links.filter((to) => !pages.has(to)),
      file,
    ).toEqual([]);
  }
});

it.each([
  ['studies/dale/README.md', '[a](../../packages/core/README.md#it)', '[a](../../packages/core.md#it)'],
  ['packages/core/README.md', '[a](../../docs/concepts.md)', '[a](../concepts.md)'],
  ['studies/dale/README.md', '[`core`](../../packages/core/README.md)', '[`core`](../../packages/core.md)'],
  ['README.md', '[a](examples/README.md)', '[a](./examples.md)'],
  ['examples/README.md', '[a](third-party-attack) [b](../docs/concepts.md)', 'a [b](./concepts.md)'],
  ['docs/errors.md', '`a` [b](concepts.md) `c`', '`a` [b](./concepts.md) `c`'],
  ['packages/core/README.md', '[root](../../README.md)', '[root](../index.md)'],
  ['README.md', '[a](packages/core/README.md)', '[a](./packages/core.md)'],
  ['docs/start-here.md', 'see [the demo](../packages/cli/experiments/demo.yaml).', 'see the demo.'],
  ['docs/start-here.md', '[b](#below) [c](https://x.org/a.md)', '[b](#below) [c](https://x.org/a.md)'],
  ['studies/logits/README.md', '![a](figures/gap.svg) [b](run.mjs)', '![a](figures/gap.svg) b'],
  ['README.md', '![a](docs/report.png)', '![a](report.png)'],
  ['studies/README.md', '[a](dale/README.md) [b](shared)', '[a](./dale/index.md) b'],
  [
    'docs/concepts.md',
    '[a](../studies/README.md) [b](../studies/dale)',
    '[a](./studies/index.md) [b](./studies/dale/index.md)',
  ],
  ['docs/start-here.md', '`[a](b.md)`\n```md\n[a](../README.md)\n```', '`[a](b.md)`\n```md\n[a](../README.md)\n```'],
])('%s: %s', (file, text, expected) => {
  expect(withSiteLinks(text, file)).toBe(expected);
});

it('the leaderboard has every model of the zoo, the most robust first', () => {
  const cards = JSON.parse(readFileSync(join(root, 'packages/zoo/src/cards.json'), 'utf8')) as { name: string }[];
  const rows = [...leaderboard(cards).matchAll(/^\| `zoo:([^`]+)` \|.*\| ([\d.]+) \([^|]*\| \d+ \|/gm)];
  expect(rows.map(([, name]) => name).sort()).toEqual(cards.map(({ name }) => name).sort());
  const rates = rows.map(([, , rate]) => Number(rate));
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
});
