/** Shows where long work stands: one line that is rewritten on a terminal, a line now and then in a pipe. */
export interface ProgressLine {
  /** Called as often as one likes; `text` is made only when something is shown. */
  update(text: () => string): void;
  /** Ends the line; with a text, leaves that instead of the last state. */
  end(text?: string): void;
}

export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** `every`: milliseconds between two lines in a pipe. */
export function createProgress(stream: ProgressTarget = process.stderr, every = 10_000): ProgressLine {
  const isLive = stream.isTTY === true;
  const pause = isLive ? 100 : every;
  let last = isLive ? -Infinity : performance.now();
  let isOpen = false;
  const show = (text: string): void => {
    if (!isLive) {
      stream.write(`${text}\n`);
      return;
    }
    stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    isOpen = true;
  };
  return {
    update(text) {
      if (performance.now() - last < pause) return;
      last = performance.now();
      show(text());
    },
    end(text) {
      if (text !== undefined) show(text);
      if (isLive && isOpen) stream.write(text === undefined ? '\r\u001b[2K' : '\n');
      isOpen = false;
      last = isLive ? -Infinity : performance.now();
    },
  };
}

/** `62%` */
export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** `1:05`, `1:02:03` */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** A bar of `width` characters. */
export function bar(share: number, width = 20): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
