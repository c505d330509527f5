// Every link inside the documents leads somewhere, every ts block type-checks against the built packages, and guides and studies are apart.
// (The js blocks of READMEs are run: tooling/packed. What sh blocks tell readers to type: commands.test.ts.)
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { root } from '../fresh/prepare.mjs';
import { packageEntries } from '../packages.mjs';
import { mixedPages } from './apart.mjs';
import { anchorsOf, blocksOf, markdownFiles } from './blocks.mjs';

const problems = mixedPages();
const files = markdownFiles();

for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '');
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const wanted = path === '' ? join(root, file) : resolve(root, dirname(file), path);
    if (!existsSync(wanted)) problems.push(`${file}: link to ${target} leads nowhere`);
    else if (anchor && wanted.endsWith('.md') && !anchorsOf(readFileSync(wanted, 'utf8')).includes(anchor))
      problems.push(`${file}: ${target}: there is no such heading`);
  }
}

const folder = join(root, '.cache/docs');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const blocks = files.flatMap(blocksOf).filter(({ language }) => language === 'ts');
const sources = new Map();
blocks.forEach((block, i) => {
  // A block marked file=x.ts may be imported by others as './x.js'.
  const name = /file=(\S+)/.exec(block.info)?.[1] ?? `block-${i}.ts`;
  sources.set(name, block);
  writeFileSync(join(folder, name), `${block.code}\nexport {};\n`);
});

const paths = Object.fromEntries(packageEntries().map(({ name, key, types }) => [`${name}${key.slice(1)}`, [types]]));
const config = {
  extends: join(root, 'tooling/tsconfig/base.json'),
  compilerOptions: {
    module: 'ESNext',
    moduleResolution: 'bundler',
    paths,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    // A document shows the call, not every check of an index.
    noUncheckedIndexedAccess: false,
    exactOptionalPropertyTypes: false,
  },
  include: ['*.ts'],
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
if (blocks.length > 0) {
  const { stdout } = spawnSync('npx', ['tsc', '-p', folder, '--pretty', 'false'], { cwd: root, encoding: 'utf8' });
  for (const line of stdout.split('\n')) {
    const [, name, row, rest] = /([\w-]+\.ts)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    if (sources.has(name))
      problems.push(`${sources.get(name).file}:${sources.get(name).line + Number(row) - 1}: ${rest}`);
    else if (line.includes('error TS')) problems.push(line);
  }
}

for (const problem of problems) console.error(problem);
console.log(`docs: ${files.length} files, ${blocks.length} code blocks, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
