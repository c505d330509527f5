import { AdvrobError } from '@advrob/core';

/** A row of a file of labels. */
export interface LabelRow {
  /** Path of the picture, seen from the file's folder. */
  readonly file: string;
  /** A class index, or a name of the class. */
  readonly label: string;
  /** Of the row, from 1. */
  readonly line: number;
}

const fileTitles = ['file', 'filename', 'file_name', 'image', 'image_id', 'imageid', 'path', 'picture', 'id', 'name'];
const labelTitles = ['label', 'class', 'class_id', 'classid', 'category', 'target', 'y', 'wnid', 'synset'];

/**
 * Reads a table of pictures and their labels (RFC 4180; commas, semicolons or tabs between): with
 * titles in its first line, such as `file,label` or `image_id,class`, or two columns without.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for anything else, `ADVROB_LABEL` for a row without a
 *   label.
 */
export function parseLabels(text: string, name: string): readonly LabelRow[] {
  const rows = rowsOf(text, name);
  const titles = (rows[0]?.fields ?? []).map((field) => field.toLowerCase());
  const hasTitles = titles.some((title) => fileTitles.includes(title) || labelTitles.includes(title));
  const [fileColumn, labelColumn] = hasTitles
    ? [fileTitles, labelTitles].map((known) => titles.findIndex((title) => known.includes(title)))
    : [0, 1];
  const entries = hasTitles ? rows.slice(1) : rows;
  const isWide = !hasTitles && entries.some(({ fields }) => fields.length !== 2);
  if (fileColumn! < 0 || labelColumn! < 0 || isWide || entries.length === 0)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected a picture and its label in each row, two columns or titles such as 'file,label' above them, found ${
        rows[0]?.fields.join(',') ?? 'nothing'
      }`,
    );
  return entries.map(({ fields, line }) => {
    const [file, label] = [fields[fileColumn!] ?? '', fields[labelColumn!] ?? ''];
    if (file !== '' && label !== '') return { file, label, line };
    throw new AdvrobError(
      'ADVROB_LABEL',
      `${name}:${line}: expected a picture and its label, found '${fields.join(',')}'`,
    );
  });
}

interface Row {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The rows that are not empty. */
function rowsOf(given: string, name: string): Row[] {
  const text = given.replace(/^\uFEFF/, '');
  const head = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [',', ';', '\t'].find((each) => head.includes(each)) ?? ',';
  const rows: Row[] = [];
  let fields: string[] = [];
  let field = '';
  let line = 1;
  let begun = 1;
  let isQuoted = false;
  const endField = () => {
    fields.push(field.trim());
    field = '';
  };
  const endRow = () => {
    endField();
    if (fields.some((each) => each !== '')) rows.push({ fields, line: begun });
    fields = [];
    begun = line;
  };
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === '\n') line++;
    if (isQuoted && letter === '"' && text[i + 1] === '"') field += text[++i]!;
    else if (letter === '"' && (isQuoted || field.trim() === '')) isQuoted = !isQuoted;
    else if (isQuoted) field += letter;
    else if (letter === separator) endField();
    else if (letter === '\n') endRow();
    else field += letter;
  }
  if (isQuoted) throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}:${begun}: a quotation mark is not closed`);
  endRow();
  return rows;
}
