import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { factsOf, type Kind } from './kinds.js';
import { manifestOf, type Versions } from './manifest.js';
import { namesOf } from './names.js';

/** What to make. */
export interface PluginChoice {
  readonly kind: Kind;
  /** Registry name: small letters, digits and hyphens. */
  readonly name: string;
  /** Default `advrob-plugin-<name>`. */
  readonly packageName?: string;
  /** For licence and package.json. Default `the authors`. */
  readonly author?: string;
  /** Of the licence. Default the current one. */
  readonly year?: number;
}

// Both from src/ and from dist/.
const home = fileURLToPath(new URL('..', import.meta.url));

/**
 * The files of a new plugin package, by their paths in it.
 *
 * @throws Error for a bad name.
 */
export async function pluginFiles(choice: PluginChoice): Promise<ReadonlyMap<string, string>> {
  const { kind, author = 'the authors', year = new Date().getFullYear() } = choice;
  const { article, noun = kind } = factsOf[kind];
  const names = namesOf(kind, choice.name, choice.packageName);
  const words: Readonly<Record<string, string>> = {
    __name__: names.name,
    // With a hyphen a key keeps its quotes.
    '__the-name__': names.name,
    __identifier__: names.identifier,
    __package__: names.packageName,
    __kind__: noun,
    __article__: article.replace('a', 'A'),
    __author__: author,
    __year__: String(year),
  };
  const fill = (text: string): string => text.replace(/__[a-z-]+__/g, (word) => words[word] ?? word);

  const templates = { ...(await readTemplate('common')), ...(await readTemplate(kind)) };
  const { 'usage.md': usage = '', 'README.md': readme = '', ...others } = templates;
  const { devDependencies: versions } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
    devDependencies: Versions;
  };
  const manifest = manifestOf(kind, names, author, versions);
  return new Map([
    ['package.json', `${JSON.stringify(manifest, undefined, 2)}\n`],
    ['README.md', fill(readme.replace('__usage__', usage.trim()))],
    ...Object.entries(others).map(([path, text]) => [renamed[path] ?? fill(path), fill(text)] as const),
  ]);
}

/**
 * Files whose own names would act here: npm leaves out those with a leading dot, ESLint obeys every
 * eslint.config.js that it meets.
 */
const renamed: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  npmrc: '.npmrc',
  'eslint.config.txt': 'eslint.config.js',
};

async function readTemplate(folder: string): Promise<Record<string, string>> {
  const root = join(home, 'templates', folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = async (path: string): Promise<[string, string]> => [
    path.slice(root.length + 1).replaceAll('\\', '/'),
    await readFile(path, 'utf8'),
  ];
  return Object.fromEntries(await Promise.all(paths.sort().map(read)));
}

/**
 * Writes files into a folder, which is made, or is empty but for a `.git`.
 *
 * @throws Error when the folder has anything else in it: nothing is ever overwritten.
 */
export async function writePlugin(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const present = (await readdir(folder)).filter((name) => name !== '.git');
  if (present.length > 0)
    throw new Error(`${folder} is not empty (${present.slice(0, 3).join(', ')}): name another folder`);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
}
