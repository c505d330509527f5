// What tests take from outside of their package. turbo runs a package's tests again only when what it knows of has changed: the package, the packages that
// its manifest declares, and the inputs that its turbo.json names. Another import or another file would let a stale result stand.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withoutComments } from './imports.mjs';
import { fileAt, packagesOf, testsOf } from './sources.mjs';

/**
 * What the tests of a package import or read without turbo's knowledge.
 *
 * @param {string} root Of the repository, with a slash at its end.
 * @param {string} name Of the package's folder.
 * @returns {string[]}
 */
export function problemsOfTests(root, name) {
  const home = `packages/${name}`;
  const tests = testsOf(root, name);
  const declared = declaredBy(root, home);
  const inputs = inputsOf(root, home);
  const problems = [];
  for (const { path, imports } of tests)
    for (const other of packagesOf(name, imports))
      if (!declared.has(other)) problems.push(`${path} imports ${other}: add it to the devDependencies of ${home}`);
  for (const file of withBorrowed(root, home, tests)) {
    const owner = /^packages\/([^/]+)\//.exec(file.path)?.[1];
    if (owner !== name && !declared.has(`@advrob/${owner}`))
      problems.push(`tests of ${home} import ${file.path}: add @advrob/${owner} to its devDependencies`);
    for (const named of pathsNamedIn(file))
      if (!named.startsWith(`packages/${owner}/`) && !inputs.some((input) => named.startsWith(input)))
        problems.push(`${file.path} reads ${named}: make it an input of test in ${home}/turbo.json`);
  }
  return problems;
}

/** Names of the packages that a manifest declares; what the root declares is part of every hash. */
function declaredBy(root, home) {
  const { devDependencies: ofAll } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const manifest = JSON.parse(readFileSync(`${root}${home}/package.json`, 'utf8'));
  const { dependencies, peerDependencies, devDependencies } = manifest;
  return new Set(Object.keys({ ...ofAll, ...dependencies, ...peerDependencies, ...devDependencies }));
}

/** Where the files lie that a package's turbo.json adds to the inputs of its tests: paths up to the first star. */
function inputsOf(root, home) {
  const file = `${root}${home}/turbo.json`;
  if (!existsSync(file)) return [];
  const { tasks } = JSON.parse(readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, ''));
  const outside = tasks.test.inputs.filter((input) => input.startsWith('$TURBO_ROOT$/'));
  return outside.map((input) => input.slice('$TURBO_ROOT$/'.length).split('*')[0]);
}

/** Tests with the files of other packages that they import by their paths, such as the tiny model of another package's tests. */
function withBorrowed(root, home, tests) {
  const all = new Map(tests.map((file) => [file.path, file]));
  for (const { path, imports } of all.values())
    for (const specifier of imports.keys()) {
      const target = join(dirname(path), specifier).replace(/\.js$/, '.ts');
      const isBorrowed = specifier.startsWith('.') && !target.startsWith(`${home}/`) && !all.has(target);
      if (isBorrowed) all.set(target, fileAt(root, target));
    }
  return all.values();
}

/** What a file names by a path that leads up, such as `'../fixtures/a.json'`: paths from the root, each up to the first blank of a template. Imports are none. */
function pathsNamedIn({ path, text, imports }) {
  const named = [...withoutComments(text).matchAll(/(['"`])((?:\.\.\/)+(?:(?!\1|\$\{).)*)/g)].map(([, , each]) => each);
  return named.filter((each) => !imports.has(each)).map((each) => join(dirname(path), each));
}
