import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;

it('the errors page lists exactly the codes that the sources use', () => {
  // Folder by folder: a walk through packages/ would go through every node_modules.
  const sources = readdirSync(join(root, 'packages')).flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => join(name, 'src', file)),
  );
  // In brackets they are variables of the environment.
  const used = new Set(
    sources.flatMap((file) =>
      [...readFileSync(join(root, 'packages', file), 'utf8').matchAll(/(?<!\[)'(ADVROB_[A-Z_]+)'/g)].map(
        ([, code]) => code!,
      ),
    ),
  );
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const listed = new Set([...page.matchAll(/^\| `(ADVROB_[A-Z_]+)`/gm)].map(([, code]) => code!));
  expect(
    [...used].filter((code) => !listed.has(code)),
    'used but not listed',
  ).toEqual([]);
  expect(
    [...listed].filter((code) => !used.has(code)),
    'listed but not used',
  ).toEqual([]);
});
