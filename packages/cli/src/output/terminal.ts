import type { RecordWarning } from '@advrob/evaluation';

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
    warn: (texts) => texts.forEach((text) => process.stderr.write(`warning: ${printable(text)}\n`)),
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
