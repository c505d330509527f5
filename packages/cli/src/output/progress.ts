import type { EvaluationProgress } from '@advrob/evaluation';
import type { TrainingEvent } from '@advrob/training';
import { createCourse, single, type Course, type Stage } from './course.js';
import { inLine } from './terminal.js';

/**
 * Shows where long work stands: one line that is rewritten on a terminal, a line now and then in a
 * pipe.
 */
export interface ProgressLine {
  /** Where the command stands in all that it does. */
  readonly course: Course;
  /** What the command does, in order: the time left is that of all of it. */
  plan(stages: readonly Stage[]): void;
  /**
   * Called as often as one likes; `text` is made for a line of so many characters when something is
   * shown, and again as time goes by without another call.
   */
  update(text: ProgressText): void;
  /** Ends the line; with a text, leaves that instead of the last state. */
  end(text?: string): void;
}
type ProgressText = (columns: number) => string;

interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** `every`: milliseconds between two lines in a pipe. */
export function createProgress(stream: ProgressTarget = process.stderr, every = 4000): ProgressLine {
  const isLive = stream.isTTY === true;
  const pause = isLive ? 100 : every;
  let last = -Infinity;
  let isOpen = false;
  let latest: ProgressText | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let course = single;
  const show = (make: ProgressText): void => {
    // The last column stays free: a line that fills it is broken on some terminals.
    const columns = isLive ? (stream.columns ?? 80) - 1 : 200;
    const text = inLine(make(columns)).slice(0, columns);
    stream.write(isLive ? `\r\u001b[2K${text}` : `${text}\n`);
    isOpen = true;
  };
  const tick = (wait: number): void => {
    if (latest === undefined || performance.now() - last < wait) return;
    last = performance.now();
    show(latest);
  };
  return {
    get course() {
      return course;
    },
    plan(stages) {
      course = createCourse(stages);
    },
    update(text) {
      latest = text;
      tick(pause);
      // Whoever waits for a long step sees that time goes by.
      timer ??= setInterval(() => tick(isLive ? 900 : every), isLive ? 1000 : 500);
      timer.unref();
    },
    end(text) {
      clearInterval(timer);
      timer = undefined;
      latest = undefined;
      if (text !== undefined) show(() => text);
      if (isLive && isOpen) stream.write(text === undefined ? '\r\u001b[2K' : '\n');
      isOpen = false;
      last = -Infinity;
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

/** What a line of progress says, most important first. */
interface Line {
  readonly name: string;
  readonly what: string;
  readonly share: number;
  /** Left out where there is no room. */
  readonly more?: string;
  /** Since the command began, in seconds. */
  readonly left: ReturnType<Course['left']>;
}

const begun = performance.now();

/**
 * `name: what ███░░ 62%  more  1:05, 0:40 left` in so many characters: the bar gets shorter, then
 * goes, then `more`, then the end of the name.
 */
export function progressLine({ name, what, share, more = '', left }: Line, columns: number): string {
  const spent = clock((performance.now() - begun) / 1000);
  // An estimate that has run out says nothing.
  const rest =
    left === undefined || left.seconds < 0.5
      ? ''
      : `, ${left.isAll ? '' : 'at least '}${clock(Math.max(1, left.seconds))} left`;
  const end = `${percent(Math.min(share, 0.99))}${more === '' ? '' : `  ${more}`}  ${spent}${rest}`;
  const short = `${percent(Math.min(share, 0.99))}  ${spent}${rest}`;
  const head = `${name}: ${what}`;
  const candidates = [
    `${head} ${bar(share)} ${end}`,
    `${head} ${bar(share, 10)} ${end}`,
    `${head} ${end}`,
    `${head} ${short}`,
  ];
  const fitting = candidates.find((line) => line.length <= columns);
  if (fitting !== undefined) return fitting;
  const room = Math.max(8, columns - short.length - 2);
  return `${head.slice(0, room)}… ${short}`;
}

/** Counts seconds down between two estimates, and never quite to the end. */
function countDown(): { set(seconds: number | undefined): void; left(): number | undefined } {
  let estimate: number | undefined;
  let at = 0;
  return {
    set(seconds) {
      estimate = seconds;
      at = performance.now();
    },
    left: () =>
      estimate === undefined ? undefined : Math.max(0.1 * estimate, estimate - (performance.now() - at) / 1000),
  };
}

/** Follows an evaluation: what is at work, the running robust accuracy, and the time left. */
export function followEvaluation(name: string, progress: ProgressLine): (state: EvaluationProgress) => void {
  const own = countDown();
  progress.course.begin(`evaluation of ${name}`);
  return (state) => {
    own.set(state.secondsLeft);
    progress.course.observe(state.made);
    progress.update((columns) => {
      const { attack = state.certifier, fraction, robust } = state;
      const what =
        attack === undefined ? 'clean' : `${attack.label} ${attack.norm} ${Number(attack.epsilon.toPrecision(3))}`;
      const more = robust.total > 0 ? `robust ${percent(robust.count / robust.total, 1)} of ${robust.total}` : '';
      return progressLine({ name, what, share: fraction, more, left: progress.course.left(own.left()) }, columns);
    });
  };
}

/** Follows work that says which share of it is done, and perhaps the seconds that are left. */
export function followShare(
  name: string,
  stage: string,
  progress: ProgressLine,
): (what: string, share: number, secondsLeft?: number) => void {
  const own = countDown();
  progress.course.begin(stage);
  const begunAt = performance.now();
  return (what, share, secondsLeft) => {
    const spent = (performance.now() - begunAt) / 1000;
    own.set(secondsLeft ?? (share > 0.01 ? (spent / share) * (1 - share) : undefined));
    progress.update((columns) => progressLine({ name, what, share, left: progress.course.left(own.left()) }, columns));
  };
}

/** Follows a training run by its events; asks the backend for nothing. */
export function followTraining(name: string, progress: ProgressLine): (event: TrainingEvent) => void {
  let begunAt = performance.now();
  let first = 0;
  let loss = '';
  const own = countDown();
  return (event) => {
    if (event.type === 'start') {
      begunAt = performance.now();
      first = event.step;
      progress.course.begin(`training of ${name}`, event.step / event.steps);
      if (event.resumed) progress.end(`${name}: goes on at step ${event.step} of ${event.steps}`);
    } else if (event.type === 'metrics') loss = `loss ${event.loss['total']!.toFixed(3)}`;
    else if (event.type === 'validation')
      loss = `${loss.split('  validation')[0]}  validation ${(100 * event.score).toFixed(1)}%`;
    else if (event.type === 'end') {
      progress.end(
        `${name}: trained ${event.step} steps in ${clock((performance.now() - begunAt) / 1000)}${loss === '' ? '' : `  ${loss}`}`,
      );
      return;
    }
    if (event.type !== 'start' && event.type !== 'step') return;
    const { step, steps } = event;
    const rate = (step - first) / ((performance.now() - begunAt) / 1000);
    own.set(rate > 0 ? (steps - step) / rate : undefined);
    progress.update((columns) => {
      const more = [
        `${step}/${steps}`,
        ...(loss === '' ? [] : [loss]),
        ...(rate > 0 ? [`${rate.toFixed(1)} steps/s`] : []),
      ];
      return progressLine(
        { name, what: 'training', share: step / steps, more: more.join('  '), left: progress.course.left(own.left()) },
        columns,
      );
    });
  };
}
