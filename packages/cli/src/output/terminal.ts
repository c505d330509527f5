import type { RecordWarning } from '@advrob/evaluation';
import { styleText } from 'node:util';

/**
 * Where a command writes. With `json`, standard output carries the final JSON alone; everything
 * else goes to standard error.
 */
export interface Output {
  readonly json: boolean;
  /** A line for people. */
  line(text?: string): void;
  /** What may be wrong without being an error; to standard error. */
  warn(texts: readonly string[]): void;
  /** The result of the command: printed as JSON when asked for, else as the text given. */
  result(value: unknown, text: () => string): void;
}

/** Writes to the process's streams. */
export function terminalOutput(json = false): Output {
  return {
    json,
    line: (text = '') => (json ? process.stderr : process.stdout).write(`${printable(text)}\n`),
    warn: (texts) =>
      texts.forEach((text) =>
        process.stderr.write(`${painted('warning:', 'yellow', process.stderr)} ${printable(text)}\n`),
      ),
    result: (value, text) => process.stdout.write(`${printable(json ? JSON.stringify(value) : text())}\n`),
  };
}

/** Warnings of a record, one a line, for {@link Output}'s `warn`. */
export function warningTexts(warnings: readonly RecordWarning[]): string[] {
  return warnings.map(({ model, message }) => (model === undefined ? message : `${model}: ${message}`));
}

/** What moves the cursor, changes colours or titles, or turns the direction of letters. */
const controls = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text of several lines as a terminal may show it: names may come from anyone, and a terminal obeys
 * what stands in them. JSON stays the same JSON.
 */
export function printable(text: string): string {
  return text.replace(controls, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same in one line. */
export function inLine(text: string): string {
  return printable(text.replaceAll('\n', ' '));
}

/**
 * Text in a colour or in bold, where the stream is a terminal that shows them. `NO_COLOR`
 * (https://no-color.org) turns it off, `FORCE_COLOR` on.
 */
export function painted(text: string, style: 'bold' | 'red' | 'yellow', stream: NodeJS.WriteStream): string {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = process.env;
  const isShown = FORCE_COLOR !== '' && FORCE_COLOR !== '0' ? true : stream.isTTY && TERM !== 'dumb';
  return isShown && NO_COLOR === '' ? styleText(style, text) : text;
}

/** Columns of the terminal; 80 where there is none, and never fewer than 40. */
export function terminalWidth(): number {
  return Math.max(process.stdout.columns ?? 80, 40);
}

/**
 * Text in lines of at most `width` columns, broken between words; a longer word stands alone. `first`
 * stands before the first line, `next` before the others.
 */
export function wrapped(text: string, width: number, { first = '', next = '' } = {}): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    if (!isEmpty && line.length + word.length + 1 > width) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    // The words before may fill the line alone.
    if (isEmpty && lines.length === 0 && line.trim() !== '' && line.length + word.length > width) {
      lines.push(line);
      line = next;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].map((each) => each.trimEnd()).join('\n');
}

/**
 * Lines of text with aligned columns; numbers (as text) to the right. The first row is the header.
 */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(inLine));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const isNumber = widths.map((_, column) =>
    rows.slice(1).every((row) => /^[-+]?[\d.]|^$|^–$/.test(row[column] ?? '')),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
