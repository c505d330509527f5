import type { Plugin } from '@advrob/core';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A part that a file of the package defines and exports. */
interface Piece {
  readonly kind: keyof typeof kinds;
  /** In the plugin. */
  readonly name: string;
  /** In the source. */
  readonly constant: string;
  readonly source: string;
  /** The text of the test beside it; empty when there is none. */
  readonly test: string;
}

const kinds = {
  Attack: 'attacks',
  Objective: 'objectives',
  Optimizer: 'optimizers',
  Transform: 'transforms',
  Averager: 'averagers',
  Augmentation: 'augmentations',
  Trainer: 'trainers',
} as const;

const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** Every `export const x = define...({ name: 'x', ...` of a package. */
export function piecesOf(root: URL): Piece[] {
  const src = `${fileURLToPath(root)}src/`;
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file));
  return files.flatMap((file) =>
    [...read(src + file).matchAll(/export const (\w+) = define(\w+)\(\{\s*name: '([^']+)'/g)].map((match) => {
      const [, constant, kind, name] = match as unknown as [string, string, keyof typeof kinds, string];
      return { kind, name, constant, source: file, test: read(`${src}${file.replace(/\.ts$/, '.test.ts')}`) };
    }),
  );
}

/**
 * Whether the test beside a piece calls a helper of `contracts.ts`, or a contract of core, with it; `more` must follow in
 * that call. Augmentations have no contract: they need a test alone.
 */
export function isTested({ kind, constant, test }: Piece, more = ''): boolean {
  if (kind === 'Augmentation') return test.includes(`${constant}(`);
  return new RegExp(`(test[A-Z]\\w*|Contract)\\([^;]*?\\b${constant}\\b[^;]*?${more}`, 's').test(test);
}

/** What the parts of a package lack, each as a sentence that names the file to touch. */
export function missingPieces(root: URL, plugin: Plugin, exported: object): string[] {
  const folder = `packages/${basename(fileURLToPath(root))}`;
  const readme = read(`${fileURLToPath(root)}README.md`);
  const pieces = piecesOf(root);
  const named = (kind: keyof typeof kinds): Readonly<Record<string, unknown>> => plugin[kinds[kind]] ?? {};
  const missing = pieces.flatMap((piece) => {
    const { kind, name, constant, source } = piece;
    const who = `${kind.toLowerCase()} '${name}'`;
    const made = named(kind)[name];
    // An attack may be a part of one method alone.
    if (!made && kind === 'Attack') return [];
    if (!made) return [`${who} of ${folder}/src/${source} is not in the plugin: name it in ${folder}/src/index.ts`];
    const lacks: string[] = [];
    if (!Object.values(exported).includes(made))
      lacks.push(`${who} is not exported by its own name: add ${constant} to the exports of ${folder}/src/index.ts`);
    if (!isTested(piece))
      lacks.push(
        `${who} has no test: call test${kind}(${constant}) in ${folder}/src/${source.replace(/\.ts$/, '.test.ts')}`,
      );
    if (!readme.includes(`\`${name}\``)) lacks.push(`${who} is not in the tables of ${folder}/README.md: add its row`);
    return lacks;
  });
  const defined = (kind: string, name: string): boolean => pieces.some((it) => it.kind === kind && it.name === name);
  const strange = (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) =>
    Object.keys(named(kind))
      .filter((name) => !defined(kind, name))
      .map(
        (name) => `${kind.toLowerCase()} '${name}' is in the plugin, but no file of ${folder}/src defines that name`,
      ),
  );
  return [...missing, ...strange];
}
