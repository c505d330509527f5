// Results as Markdown, put into a page between two comments, so that its text is written by hand and its numbers by a command.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** A table of text cells. */
export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Replaces what stands between `<!-- results: name -->` and `<!-- end of name -->` in a file, or appends it. */
export async function writeResults(file, name, text) {
  const [from, to] = [`<!-- results: ${name} -->`, `<!-- end of ${name} -->`];
  const block = `${from}\n\n${text}\n\n${to}`;
  const old = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [start, end] = [old.indexOf(from), old.indexOf(to)];
  const page = start < 0 || end < 0 ? `${old}\n${block}\n` : old.slice(0, start) + block + old.slice(end + to.length);
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), parser: 'markdown' }));
}
