import { factsOf, type Kind } from './kinds.js';
import type { Names } from './names.js';

/** Version ranges by package, as the generator was published with. */
export type Versions = Readonly<Record<string, string>>;

const tools = [
  '@advrob/cli',
  '@eslint/js',
  '@tensorflow/tfjs-backend-cpu',
  '@types/node',
  'eslint',
  'typescript',
  'typescript-eslint',
  'vitest',
];

/**
 * The package.json of a plugin. What its users must have once (core, tfjs and packages of advrob
 * that it imports) are peers.
 */
export function manifestOf(kind: Kind, { packageName }: Names, author: string, versions: Versions): object {
  const { article, listed, imported = [], tested = [] } = factsOf[kind];
  const peers = ['@advrob/core', ...imported, '@tensorflow/tfjs-core'];
  const ranges = (names: readonly string[], range = rangeOf): Versions =>
    Object.fromEntries([...names].sort().map((name) => [name, range(name, versions)]));
  return {
    name: packageName,
    version: '0.1.0',
    description: `An advrob plugin with ${article} ${kind}`,
    keywords: ['advrob', 'advrob-plugin', 'adversarial-robustness'],
    type: 'module',
    license: 'MIT',
    author,
    engines: { node: '>=20.19' },
    sideEffects: false,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    files: ['dist'],
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      typecheck: 'tsc -p tsconfig.json',
      lint: 'eslint .',
      test: 'vitest run',
      list: `npm run build && advrob list ${listed} --plugin ./dist/index.js`,
      prepack: 'npm run build',
    },
    dependencies: ranges(['zod']),
    peerDependencies: ranges(peers, peerRangeOf),
    devDependencies: ranges([...tools, ...tested, ...peers]),
  };
}

function rangeOf(name: string, versions: Versions): string {
  const version = versions[name];
  if (version === undefined) throw new Error(`the generator knows no version of ${name}`);
  return /^\d/.test(version) ? `^${version}` : version;
}

/**
 * Of our packages before 1.0 every later version, too, or each minor of core would shut out all
 * plugins: what a plugin relies on is its contract number.
 */
function peerRangeOf(name: string, versions: Versions): string {
  const range = rangeOf(name, versions);
  return name.startsWith('@advrob/') ? range.replace(/^\^(0\..*)$/, '>=$1 <1') : range;
}
