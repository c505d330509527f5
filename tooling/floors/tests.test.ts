import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { problemsOfTests } from './tests.mjs';

let root: string;
beforeEach(() => (root = `${mkdtempSync(join(tmpdir(), 'advrob-floors-'))}/`));
afterEach(() => rmSync(root, { recursive: true }));

const inputs = { tasks: { test: { inputs: ['$TURBO_EXTENDS$', '$TURBO_ROOT$/tooling/oracle/a/**'] } } };

/** What is found in a repository with these files besides its manifests. */
function problems(files: Record<string, string>) {
  const manifests = {
    'package.json': { devDependencies: { vitest: '4' } },
    'packages/mine/package.json': { dependencies: { zod: '4' }, devDependencies: { '@advrob/near': '*' } },
  };
  for (const [path, content] of Object.entries({ ...manifests, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return problemsOfTests(root, 'mine');
}

it('lets tests import what the package or the root declares, and the package itself', () => {
  const imports = ['vitest', 'zod', '@advrob/near/deep', '@advrob/mine', 'node:fs', './b.js', '../src/a.js'];
  const code = imports.map((name) => `import '${name}';`).join('\n');
  expect(problems({ 'packages/mine/test/a.test.ts': code })).toEqual([]);
});

it.each(['src/a.test.ts', 'test/support/a.ts', 'templates/x/test/a.test.ts'])(
  'names what is not declared in %s',
  (file) => {
    expect(problems({ [`packages/mine/${file}`]: "import { x } from '@advrob/far/deep';" })).toEqual([
      `packages/mine/${file} imports @advrob/far: add it to the devDependencies of packages/mine`,
    ]);
  },
);

it('leaves sources alone', () => {
  expect(problems({ 'packages/mine/src/a.ts': "import '@advrob/far';\nread('../../../docs/a.md');" })).toEqual([]);
});

it('lets tests read in their package, and what turbo.json names', () => {
  const code = "read('../README.md', `../../../tooling/oracle/a/${name}.json`); // not '../../../docs/a.md'";
  expect(
    problems({ 'packages/mine/test/a.test.ts': code, 'packages/mine/turbo.json': JSON.stringify(inputs) }),
  ).toEqual([]);
});

it('names another file', () => {
  const code = 'read("../../../tooling/oracle/b/c.json");';
  expect(
    problems({ 'packages/mine/test/a.test.ts': code, 'packages/mine/turbo.json': JSON.stringify(inputs) }),
  ).toEqual([
    'packages/mine/test/a.test.ts reads tooling/oracle/b/c.json: make it an input of test in packages/mine/turbo.json',
  ]);
});

it('follows what tests borrow from those of other packages', () => {
  const borrowing = (name: string) => ({
    'packages/mine/test/a.test.ts': `import { tiny } from '../../${name}/test/support/tiny.js';`,
    [`packages/${name}/test/support/tiny.ts`]: "read('../../../../docs/a.md', '../files/b.json');",
  });
  const read = (name: string) =>
    `packages/${name}/test/support/tiny.ts reads docs/a.md: make it an input of test in packages/mine/turbo.json`;
  expect(problems(borrowing('near'))).toEqual([read('near')]);
  expect(problems(borrowing('far'))).toEqual([
    'tests of packages/mine import packages/far/test/support/tiny.ts: add @advrob/far to its devDependencies',
    read('far'),
  ]);
});
