// Guides and studies are apart (docs/decisions/0010-one-house.md): a study names its commands and is listed, a guide holds no results of a run, a decision fits on a page.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';
import { blocksOf, markdownFiles } from './blocks.mjs';

const mostLines = 70;

/** What breaks the rule, in words. */
export function mixedPages() {
  const files = markdownFiles();
  const textOf = (file) => readFileSync(join(root, file), 'utf8');
  const problems = files
    .filter((file) => file.startsWith('docs/') && textOf(file).includes('<!-- results:'))
    .map((file) => `${file}: results of a command belong into studies/`);
  for (const file of files.filter((name) => name.startsWith('docs/decisions/'))) {
    const lines = textOf(file).trim().split('\n').length;
    if (lines > mostLines) problems.push(`${file}: ${lines} lines; a decision has at most ${mostLines}`);
  }
  const list = textOf('studies/README.md');
  const folders = readdirSync(join(root, 'studies'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders.filter(({ name }) => name !== 'shared')) {
    const page = `studies/${name}/README.md`;
    if (!files.includes(page)) problems.push(`studies/${name}: there is no README.md`);
    else {
      if (!list.includes(`](${name}/README.md)`)) problems.push(`studies/README.md: does not list ${name}`);
      problems.push(...unnamed(name, page));
    }
  }
  return problems;
}

/** Scripts and configs of a study that its page gives no command for. A script that another one imports is none of its own. */
function unnamed(name, page) {
  const commands = blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code)
    .join('\n');
  const files = readdirSync(join(root, 'studies', name)).filter((file) => /\.(mjs|yaml)$/.test(file));
  const sources = files.map((file) => readFileSync(join(root, 'studies', name, file), 'utf8'));
  const isImported = (file) => sources.some((source) => source.includes(`from './${file}'`));
  const missing = files.filter((file) => !isImported(file) && !commands.includes(`studies/${name}/${file}`));
  if (commands === '') return [`${page}: names no command`];
  return missing.map((file) => `${page}: names no command for ${file}`);
}
