import { AdvrobError } from '@advrob/core';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type AsyncBuffer } from 'hyparquet';
import { limitedCodecs } from './parquet-codecs.js';
import { checkPages } from './parquet-pages.js';

/** Encoded pictures and their labels, row by row. */
export interface ParquetPictures {
  readonly pictures: readonly Uint8Array[];
  readonly labels: readonly number[];
  /** Names of the classes, where Hugging Face noted them with the columns. */
  readonly classNames?: readonly string[] | undefined;
}

/** Which columns hold what. */
export interface ParquetColumns {
  /**
   * Bytes of picture files, plain or as the field `bytes` of a struct, as Hugging Face writes them.
   */
  readonly image: string;
  /** Class indices. */
  readonly label: string;
}

/**
 * Two columns of a Parquet file (https://parquet.apache.org). All encodings but DELTA_BYTE_ARRAY and
 * all compressions are read.
 *
 * @param maxBytes Largest size of the two columns after decompression.
 * @throws AdvrobError `ADVROB_DATA_MISSING` when a column is not there; the message lists what is.
 *   `ADVROB_DATA_FORMAT` when it is no Parquet file, is damaged, or the columns hold something
 *   else, `ADVROB_DATA_TOO_LARGE`, `ADVROB_LABEL`.
 */
export async function readParquet(
  bytes: Uint8Array,
  { image, label }: ParquetColumns,
  maxBytes: number,
  name = 'Parquet file',
): Promise<ParquetPictures> {
  // Pieces are copied as they are asked for, never the whole file.
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => quiet(Promise.resolve(bytes.slice(start, end).buffer as ArrayBuffer)),
  };
  const guarded = await guard(name, async () => {
    const metadata = await parquetMetadataAsync(file);
    const schema = parquetSchema(metadata);
    const columns = schema.children.map(({ element }) => element.name);
    return { metadata, schema, columns };
  });
  const missing = [image, label].filter((column) => !guarded.columns.includes(column));
  if (missing.length > 0)
    throw new AdvrobError(
      'ADVROB_DATA_MISSING',
      `${name}: expected a column '${missing[0]}', found ${guarded.columns.slice(0, 20).join(', ')}: name the right ones with image and label (on the command line --set parquet.image=<name>)`,
    );
  if (Number(guarded.metadata.num_rows) > bytes.length * mostRowsPerByte)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: ${guarded.metadata.num_rows} rows cannot be in ${bytes.length} bytes`,
    );
  const rows = await guard(name, () => {
    checkPages(bytes, { ...guarded, columns: [image, label] }, limitedCodecs(maxBytes, name), name);
    return parquetReadObjects({
      file,
      metadata: guarded.metadata,
      columns: [image, label],
      utf8: false,
      compressors: limitedCodecs(maxBytes, name),
    });
  });
  return {
    pictures: rows.map((row, i) => pictureOf(row[image], `${name}, row ${i}, column ${image}`)),
    labels: rows.map((row, i) => labelOf(row[label], `${name}, row ${i}, column ${label}`)),
    classNames: notedNames(guarded.metadata.key_value_metadata, label),
  };
}

/** The names of a ClassLabel in what Hugging Face notes; anything else is not for us. */
function notedNames(
  notes: readonly { readonly key: string; readonly value?: string | undefined }[] | undefined,
  column: string,
): readonly string[] | undefined {
  const text = notes?.find(({ key }) => key === 'huggingface')?.value;
  try {
    const { info } = JSON.parse(text ?? '{}') as {
      info?: { features?: Record<string, { names?: unknown } | undefined> };
    };
    const names = info?.features?.[column]?.names;
    return Array.isArray(names) && names.every((each) => typeof each === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A picture takes some bytes even when it repeats; more rows than this are a damaged header that
 * would be counted for hours.
 */
const mostRowsPerByte = 1;

/**
 * A promise that may fail unheard, with all that follows from it. Where the header of one column is
 * damaged, hyparquet throws and leaves the columns that it has begun to themselves; when one of
 * these fails later, Node would end the program.
 */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  const then: Promise<T>['then'] = (...handlers) => quiet(Promise.prototype.then.apply(promise, handlers) as never);
  return Object.assign(promise, { then });
}

async function guard<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected an intact Parquet file, found another or a damaged one (${String(cause)}): fetch it again`,
      { cause },
    );
  }
}

function pictureOf(value: unknown, where: string): Uint8Array {
  const bytes: unknown = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
  if (bytes instanceof Uint8Array) return bytes;
  throw new AdvrobError(
    'ADVROB_DATA_FORMAT',
    `${where}: expected the bytes of a picture, alone or as a field 'bytes', found ${value === null ? 'nothing' : typeof value}`,
  );
}

function labelOf(value: unknown, where: string): number {
  const label = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : NaN;
  if (!Number.isInteger(label) || label < 0)
    throw new AdvrobError('ADVROB_LABEL', `${where}: expected a class index, found ${String(value)}`);
  return label;
}
