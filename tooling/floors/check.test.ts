import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, namedImportsOf } from './imports.mjs';

describe('importsOf', () => {
  it.each([
    ['a default', "import a from 'one';", ['one']],
    ['names over several lines', "import {\n  a,\n  type B,\n} from 'one';", ['one']],
    ['a namespace', "import * as tf from '@tensorflow/tfjs-core';", ['@tensorflow/tfjs-core']],
    ['a default with names', "import a, { b as c } from 'one';", ['one']],
    ['types', "import type { A } from 'one';\nimport type B from 'two';", ['one', 'two']],
    ['side effects', "import 'one';", ['one']],
    [
      're-exports',
      "export { a } from 'one';\nexport * from 'two';\nexport type * from 'three';",
      ['one', 'two', 'three'],
    ],
    ['double quotes', 'import a from "one";', ['one']],
    ['indented lines', "  import a from 'one';", ['one']],
    ['dynamic imports', "const a = await import('one');\nlet b: import('two').B;", ['one', 'two']],
    ['twice the same', "import a from 'one';\nexport { b } from 'one';", ['one']],
  ])('finds %s', (_, source, expected) => expect(importsOf(source)).toEqual(expected));

  it.each([
    ['the word from before a quote', "const text = `taken from '${path}'`;\nfail('not from', 'here');"],
    ['a message', 'throw new Error("import it from \'one\'");'],
    ['exported strings', "export const text = 'one';\nexport const from = 'two';"],
    [
      'comments',
      "// import a from 'one';\n/* import 'two'; */\n/** @example import('three') */\nconst a = 1; // from 'four'",
    ],
    ['an import in a string', 'const code = "await import(\'one\')";'],
    ['an import in a template', "const code = `\nawait import('one')`;"],
    ['a method named import', "loader.import('one');"],
  ])('does not take %s for an import', (_, source) => expect(importsOf(source)).toEqual([]));
});

describe('namedImportsOf', () => {
  it.each([
    ['names', "import { a, type B as C } from 'one';", ['a', 'B']],
    ['a default with names', "import a, { b } from 'one';", ['default', 'b']],
    ['types', "import type { A,\n B } from 'one';\nimport type C from 'one';", ['A', 'B', 'default']],
    ['a namespace', "import * as all from 'one';", ['*']],
    ['re-exports', "export { a as b } from 'one';\nexport type * from 'one';", ['a', '*']],
    ['a type by import()', "let a: import('one').B;", ['B']],
    ['import()', "await import('one');", ['*']],
    ['side effects', "import 'one';", []],
  ])('knows %s', (_, source, names) => expect(namedImportsOf(source)).toEqual(new Map([['one', names]])));
});

it('every import of the packages goes down', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    fileURLToPath(new URL('check.mjs', import.meta.url)),
  ]);
  expect(stderr.toString()).toBe('');
  expect(stdout.toString()).toContain('every import goes down');
  expect(status).toBe(0);
});
