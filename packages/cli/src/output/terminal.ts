/** Where a command writes. With `json`, standard output carries the final JSON alone; everything else goes to standard error. */
export interface Output {
  readonly json: boolean;
  /** A line for people. */
  line(text?: string): void;
  /** The result of the command: printed as JSON when asked for, else as the text given. */
  result(value: unknown, text: () => string): void;
}

/** Writes to the process's streams. */
export function terminalOutput(json: boolean): Output {
  return {
    json,
    line: (text = '') => (json ? process.stderr : process.stdout).write(`${text}\n`),
    result: (value, text) => process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`),
  };
}
