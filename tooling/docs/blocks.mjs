// Code blocks of Markdown files: [{ file, line, language, info, code }].
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

/** README of the root, of the examples and of every package, CONTRIBUTING, and the pages under docs/ and studies/. */
export function markdownFiles() {
  const readmes = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  const pages = ['docs', 'studies'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  );
  return ['README.md', 'CONTRIBUTING.md', 'examples/README.md', ...readmes, ...pages].filter((file) =>
    existsSync(join(root, file)),
  );
}

export function blocksOf(file) {
  if (!existsSync(join(root, file))) return [];
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const blocks = [];
  let open;
  lines.forEach((text, i) => {
    const fence = /^```(\S*)\s*(.*)$/.exec(text.trim());
    if (fence && !open)
      open = { file, line: i + 2, language: fence[1], info: fence[2], code: [], indent: text.indexOf('```') };
    else if (text.trim() === '```' && open) {
      const { indent, ...block } = open;
      blocks.push({ ...block, code: block.code.map((line) => line.slice(indent)).join('\n') }); // a block in a list
      open = undefined;
    } else open?.code.push(text);
  });
  return blocks;
}

/** What a link to a heading of a page may name after its #: as GitHub and the site make it from the heading's words. */
export function anchorsOf(text) {
  const headings = text.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, words]) =>
    words
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
