// The source files of the packages: what `pnpm floors` looks at and counts. Tests and fixtures are none.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { namedImportsOf } from './imports.mjs';

const isTest = (file) => /\.(test|test-d)\.ts$/.test(file);
const isSource = (file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file);

/**
 * Every TypeScript file under some folders of a package, by its path from the root of the repository.
 *
 * @param {string} root With a slash at its end.
 * @param {string} name Of the package's folder.
 * @returns {{ path: string, text: string, imports: Map<string, string[]> }[]} Sorted.
 */
function filesOf(root, name, folders, wanted) {
  return folders
    .map((folder) => `packages/${name}/${folder}`)
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    .filter((path) => isSource(path) && wanted(path))
    .sort()
    .map((path) => fileAt(root, path));
}

export function fileAt(root, path) {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: namedImportsOf(text) };
}

export const sourcesOf = (root, name) => filesOf(root, name, ['src'], (path) => !isTest(path));

/** The tests of a package, and what stands beside them in `test/`. */
export const testsOf = (root, name) =>
  filesOf(root, name, ['src', 'test', 'templates'], (path) => isTest(path) || path.includes('/test/'));

/** Names of the packages besides `name` that imports lead to. */
export function packagesOf(name, imports) {
  const outside = [...imports.keys()].filter((specifier) => !/^(\.|node:)/.test(specifier));
  const packages = outside.map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)[0]);
  return [...new Set(packages)].filter((other) => other !== `@advrob/${name}`);
}

/** Who imports what among files: a graph for `circlesOf`. An import of the own package by its name counts as one of the file behind it. */
export function graphOf(files) {
  const known = new Set(files.map(({ path }) => path));
  return new Map(
    files.map(({ path, imports }) => {
      const [, home, name] = /^(packages\/([^/]+))\//.exec(path);
      const targets = [...imports].map(([specifier, names]) => {
        const own = new RegExp(`^@advrob/${name}(?:/(.+))?$`).exec(specifier);
        const target = own ? `${home}/src/${own[1] ?? 'index'}` : join(dirname(path), specifier.replace(/\.js$/, ''));
        return [`${target}.ts`, names];
      });
      return [path, new Map(targets.filter(([target]) => known.has(target)))];
    }),
  );
}

/**
 * How the inside of the packages looks.
 *
 * @param {readonly { path: string, text: string }[]} files
 * @returns Number of files, mean lines, number of folders with files, and those with one or two, a package's `src` aside.
 */
export function houseOf(files) {
  const folders = new Map();
  for (const { path } of files) folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
  const lines = files.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0);
  return {
    files: files.length,
    lines: Math.round(lines / files.length),
    folders: folders.size,
    thin: [...folders].filter(([folder, count]) => count <= 2 && !folder.endsWith('/src')).map(([folder]) => folder),
  };
}
