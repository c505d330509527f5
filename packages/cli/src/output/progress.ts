import type { EvaluationProgress } from '@advrob/evaluation';
import type { TrainingEvent } from '@advrob/training';

/**
 * Shows where long work stands: one line that is rewritten on a terminal, a line now and then in a
 * pipe.
 */
export interface ProgressLine {
  /** Called as often as one likes; `text` is made only when something is shown. */
  update(text: () => string): void;
  /** Ends the line; with a text, leaves that instead of the last state. */
  end(text?: string): void;
}

interface ProgressTarget {
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

/** Follows an evaluation: what is at work, the running robust accuracy, rate and time left. */
export function followEvaluation(name: string, progress: ProgressLine): (state: EvaluationProgress) => void {
  return (state) =>
    progress.update(() => {
      const { phase, attack, fraction, robust, secondsLeft } = state;
      const what =
        phase === 'clean' || attack === undefined
          ? 'clean'
          : `${attack.label} ${attack.norm} ${Number(attack.epsilon.toPrecision(3))}`;
      const running = robust.total > 0 ? `  robust ${percent(robust.count / robust.total, 1)} of ${robust.total}` : '';
      const left = secondsLeft === undefined ? '' : `  ${clock(secondsLeft)} left`;
      return `${name}: ${what} ${bar(fraction)} ${percent(fraction)}${running}${left}`;
    });
}

/** Follows a training run by its events; asks the backend for nothing. */
export function followTraining(name: string, progress: ProgressLine): (event: TrainingEvent) => void {
  let begun = performance.now();
  let first = 0;
  let loss = '';
  return (event) => {
    if (event.type === 'start') {
      begun = performance.now();
      first = event.step;
      if (event.resumed) progress.end(`${name}: goes on at step ${event.step} of ${event.steps}`);
    } else if (event.type === 'metrics') loss = `  loss ${event.loss['total']!.toFixed(3)}`;
    else if (event.type === 'validation')
      loss = `${loss.split('  validation')[0]}  validation ${(100 * event.score).toFixed(1)}%`;
    else if (event.type === 'step')
      progress.update(() => {
        const seconds = (performance.now() - begun) / 1000;
        const rate = (event.step - first) / seconds;
        const left = rate > 0 ? `  ${rate.toFixed(1)} steps/s  ${clock((event.steps - event.step) / rate)} left` : '';
        return `${name}: training ${bar(event.step / event.steps)} ${event.step}/${event.steps}${loss}${left}`;
      });
    else if (event.type === 'end')
      progress.end(`${name}: trained ${event.step} steps in ${clock((performance.now() - begun) / 1000)}${loss}`);
  };
}
