import { AdvrobError } from '@advrob/core';
import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { missingFolder, readCapped } from './files.js';
import { parseLabels } from './picture-labels.js';

/** A picture on disk, and what it shows in the words of whoever put it there. */
export interface LabelledFile {
  readonly path: string;
  /** A name of its class, or a class index. */
  readonly label: string;
  /** Where the label stands, for messages. */
  readonly where: string;
}

/** Pictures of one part of a data set. */
export interface PictureFiles {
  /** What named the classes. */
  readonly by: 'folders' | 'table' | 'option';
  readonly files: readonly LabelledFile[];
}

/** What says which class pictures have that are in no folder of their class. */
export interface LabelSource {
  /** Path of a table; default `labels.csv` beside the pictures, if it is there. */
  readonly labels?: string | undefined;
  /** The class of all of them. */
  readonly label?: string | undefined;
  /** Largest size of the table. */
  readonly maxBytes: number;
}

const endings = ['.png', '.jpg', '.jpeg', '.webp'];
const tableName = 'labels.csv';

/**
 * The pictures of a folder: in one folder per class; or beside each other, with a table of labels
 * or all of one class. The path of one picture will do too. Links are refused: what is read lies
 * inside of the folder.
 *
 * @throws AdvrobError `ADVROB_DATA_MISSING` when there is no such folder or it has no pictures,
 *   `ADVROB_DATA_FORMAT` for other files in a class folder, links, pictures in the folder and in
 *   folders of it, and what `parseLabels` throws; `ADVROB_LABEL` when nothing says the labels.
 */
export async function pictureFiles(path: string, source: LabelSource): Promise<PictureFiles> {
  const { labels, label } = source;
  const found = await lstat(path).catch(missingFolder(path));
  if (found.isSymbolicLink()) throw linkError(path);
  if (found.isFile()) return { by: 'option', files: allOf([path], label) };
  const entries = await listed(path);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const pictures = entries.filter((entry) => entry.isFile() && isPicture(entry.name)).map(({ name }) => name);
  const table = labels ?? (entries.some(({ name }) => name === tableName) ? join(path, tableName) : undefined);
  if (table !== undefined) return { by: 'table', files: await tabled(path, table, pictures, source.maxBytes) };
  if (folders.length > 0 && pictures.length > 0)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${path}: expected pictures in one folder per class, or all beside each other, found both (${folders[0]}${sep} and ${pictures[0]}): move the others away, or put ${tableName} there`,
    );
  if (pictures.length > 0)
    return {
      by: 'option',
      files: allOf(
        pictures.map((name) => join(path, name)),
        label,
      ),
    };
  if (folders.length === 0)
    throw new AdvrobError(
      'ADVROB_DATA_MISSING',
      `${path}: expected one folder per class, or pictures (${endings.join(', ')}), found ${
        entries
          .slice(0, 12)
          .map(({ name }) => name)
          .join(', ') || 'nothing'
      }`,
    );
  const classes = await Promise.all(folders.map((name) => classFiles(join(path, name), name)));
  return { by: 'folders', files: classes.flat() };
}

/** Names of the entries of a folder in the same order on every machine; no links, no hidden ones. */
async function listed(path: string): Promise<Dirent[]> {
  const entries = (await readdir(path, { withFileTypes: true }).catch(missingFolder(path))).filter(
    ({ name }) => !name.startsWith('.'),
  );
  for (const entry of entries) if (entry.isSymbolicLink()) throw linkError(join(path, entry.name));
  return entries.sort((a, b) => byName(a.name, b.name));
}

/** The folders in a folder. @throws AdvrobError as {@link pictureFiles}. */
export async function foldersIn(path: string): Promise<string[]> {
  const found = await lstat(path).catch(missingFolder(path));
  if (!found.isDirectory()) return [];
  return (await listed(path)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function classFiles(path: string, label: string): Promise<LabelledFile[]> {
  const entries = await listed(path);
  const other = entries.find((entry) => !entry.isFile() || !isPicture(entry.name));
  if (other !== undefined)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${join(path, other.name)}: expected only pictures (${endings.join(', ')}) in the folder of a class: convert other pictures, and move other files away`,
    );
  if (entries.length === 0)
    throw new AdvrobError('ADVROB_DATA_MISSING', `${path}: expected pictures (${endings.join(', ')}), found none`);
  return entries.map(({ name }) => ({ path: join(path, name), label, where: path }));
}

function allOf(paths: readonly string[], label: string | undefined): LabelledFile[] {
  if (label === undefined)
    throw new AdvrobError(
      'ADVROB_LABEL',
      `${paths[0]}: nothing says what the pictures show: put them into one folder per class, put ${tableName} with the rows 'file,label' beside them, or set the option label to the class of all`,
    );
  return paths.map((path) => ({ path, label, where: 'label' }));
}

/** The pictures that a table names, in its order; it names all that lie in the folder itself. */
async function tabled(
  folder: string,
  table: string,
  present: readonly string[],
  maxBytes: number,
): Promise<LabelledFile[]> {
  const rows = parseLabels(new TextDecoder().decode(await readCapped(table, maxBytes)), table);
  const real = await realpath(folder);
  const files = new Map<string, LabelledFile>();
  for (const { file, label, line } of rows) {
    const where = `${table}:${line}`;
    const name = await nameInside(real, file, where);
    if (files.has(name))
      throw new AdvrobError('ADVROB_DATA_FORMAT', `${where}: '${file}' has a row above already: remove one of them`);
    files.set(name, { path: join(folder, name), label, where });
  }
  const unlabelled = present.filter((name) => !files.has(name));
  if (unlabelled.length > 0)
    throw new AdvrobError(
      'ADVROB_LABEL',
      `${table}: ${unlabelled.length} pictures in ${folder} have no row, such as ${unlabelled[0]}: add them, or move the pictures away`,
    );
  return [...files.values()];
}

/** The path of a picture from its folder on; a name may come without its ending. */
async function nameInside(folder: string, file: string, where: string): Promise<string> {
  const name = normalize(file.replaceAll('\\', '/'));
  if (isAbsolute(name) || name.split(sep).includes('..'))
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${where}: '${file}' leads out of the folder of the pictures`);
  const spellings = isPicture(name) ? [name] : endings.flatMap((end) => [name + end, name + end.toUpperCase()]);
  for (const spelling of spellings) {
    const path = join(folder, spelling);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) continue;
    if (real !== path) throw linkError(path);
    return spelling;
  }
  throw new AdvrobError('ADVROB_DATA_MISSING', `${where}: no picture '${file}' in ${folder}`);
}

function isPicture(name: string): boolean {
  return endings.some((end) => name.toLowerCase().endsWith(end));
}

function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function linkError(path: string): AdvrobError {
  return new AdvrobError('ADVROB_DATA_FORMAT', `${path}: links are not followed: copy the files into the folder`);
}
