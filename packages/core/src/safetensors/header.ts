import { AdvrobError } from '../errors.js';
import { countValues } from './record.js';

const bytesPerValue = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4 } as const;
type FileType = keyof typeof bytesPerValue;

/** Where one tensor lies, its numbers checked. */
export interface HeaderEntry {
  readonly name: string;
  readonly type: FileType;
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly start: number;
  readonly end: number;
}

interface Header {
  /** In the order of the data. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes from the start of the file. */
  readonly dataStart: number;
}

/** The reference implementation's limit on the length of the header. */
const longestHeader = 100_000_000;

/**
 * Reads and checks the header against the length of the file. @throws AdvrobError
 * `ADVROB_TENSOR_FILE`.
 */
export function readHeader(bytes: Uint8Array, file: string): Header {
  const wrong = (problem: string, cause?: unknown): never => {
    throw new AdvrobError('ADVROB_TENSOR_FILE', `${file}: ${problem}: is it a complete safetensors file?`, { cause });
  };
  if (bytes.length < 8) return wrong(`expected at least 8 bytes, found ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(bytes.length - 8, longestHeader)))
    return wrong(`it announces a header of ${length} bytes, the file has ${bytes.length - 8} after the length`);
  const dataStart = 8 + Number(length);
  let header: unknown;
  let duplicate: string | undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart));
    header = JSON.parse(text);
    duplicate = findDuplicateKey(text);
  } catch (error) {
    return wrong('the header is not JSON', error);
  }
  if (!isRecord(header)) return wrong('the header is not a JSON object');
  if (duplicate !== undefined) return wrong(`'${duplicate}' occurs twice in the header`);

  const metadata = new Map<string, string>();
  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(header))
    if (name === '__metadata__') {
      if (!isRecord(value)) return wrong('__metadata__ is not an object');
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') return wrong(`__metadata__ entry '${key}' is not text`);
        metadata.set(key, text);
      }
    } else {
      const entry = readEntry(name, value);
      if (typeof entry === 'string') return wrong(`tensor '${name}': ${entry}`);
      entries.push(entry);
    }
  const problem = findGap(entries, bytes.length - dataStart);
  if (problem !== undefined) return wrong(problem);
  return { entries, metadata, dataStart };
}

/** The entry, or what is wrong with it. */
function readEntry(name: string, value: unknown): HeaderEntry | string {
  if (!isRecord(value)) return 'its entry is not an object';
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerValue, dtype))
    return `expected a type among ${Object.keys(bytesPerValue).join(', ')}, found ${JSON.stringify(dtype)}`;
  if (!isCounts(shape)) return 'its shape is not a list of whole numbers';
  if (!isCounts(offsets) || offsets.length !== 2) return 'data_offsets is not a pair of whole numbers';
  const type = dtype as FileType;
  const [start, end] = offsets as [number, number];
  const size = countValues(shape) * bytesPerValue[type];
  if (end - start !== size)
    return `shape [${shape.join(', ')}] of ${type} takes ${size} bytes, data_offsets [${start}, ${end}] span ${end - start}`;
  return { name, type, shape, start, end };
}

/** Sorts by position; the data must be covered once, without holes. */
function findGap(entries: HeaderEntry[], dataLength: number): string | undefined {
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.start !== end) return `tensor '${entry.name}' begins at byte ${entry.start} of the data, expected ${end}`;
    end = entry.end;
  }
  return end === dataLength ? undefined : `the header describes ${end} bytes of data, the file has ${dataLength}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/**
 * The first key that occurs twice in one object of a valid JSON text; `JSON.parse` would silently
 * keep the last.
 */
function findDuplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, text, colon] of json.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(text!) as string;
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
  }
  return undefined;
}
