import type { Norm, Progress } from '@advrob/core';
import type { BatchOutcome, JournalLine } from './evaluate/outcome.js';
import type { Plan } from './evaluate/plan.js';
import { isRobust, judgeBatch } from './evaluate/judge.js';

/** Where an evaluation stands. Made from results that were read back anyway. */
export interface EvaluationProgress {
  /** What is at work. */
  readonly phase: 'clean' | 'attack';
  /** The attack at work, with its threat. */
  readonly attack?: { readonly label: string; readonly norm: Norm; readonly epsilon: number };
  /** Steps of that attack on this batch, where it reports them. */
  readonly step?: number;
  readonly steps?: number;
  /** Examples through all attacks, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Share of all work done, 0 to 1: an example under one attack at one epsilon is one unit. */
  readonly fraction: number;
  /** Share of the examples of finished batches that are classified rightly and withstood everything; 0 of 0 before the first. */
  readonly robust: { readonly count: number; readonly total: number };
  /** Units per second of this session; 0 before the first is measured. */
  readonly rate: number;
  /** Seconds of work left at the speed of each attack so far; undefined before it is known. */
  readonly secondsLeft?: number;
}

/** Seconds of work; the only part of an evaluation that differs from run to run. */
export interface EvaluationTiming {
  readonly clean: number;
  /** `epsilon` is null for a minimal norm without a bound. */
  readonly attacks: readonly { readonly label: string; readonly epsilon: number | null; readonly seconds: number }[];
}

/** Keeps time and tells the caller how far an evaluation is. Run -1 is the clean pass. */
export interface Tracker {
  begin(run: number): {
    /** For the attack's own progress. */
    step(progress: Progress): void;
    /** Ends the piece; returns its seconds. */
    end(examples: number): number;
  };
  report(run: number, step?: Progress): void;
  timing(): EvaluationTiming;
}

interface TrackerOptions {
  readonly plan: Plan;
  readonly total: number;
  /** Grows while the evaluation goes on. */
  readonly outcomes: readonly BatchOutcome[];
  readonly lines: readonly JournalLine[];
  readonly report: ((progress: EvaluationProgress) => void) | undefined;
}

/** A tracker that also counts the time of earlier sessions. */
export function createTracker({ plan, total, outcomes, lines, report }: TrackerOptions): Tracker {
  const parts = plan.runs.length + 1;
  const speed = createSpeed(parts);
  const seconds = new Float64Array(parts);
  const finished = new Float64Array(parts);
  for (const line of lines) {
    const part = line.type === 'clean' ? 0 : line.run + 1;
    seconds[part]! += line.seconds;
    finished[part]! += sizeOf(outcomes[line.batch]!);
  }

  let batchesCounted = 0;
  let done = 0;
  let robust = 0;
  /** Counts batches that are finished since the last call; what was counted stays. */
  const count = (): void => {
    for (let next = outcomes[batchesCounted]; next?.attacks.length === plan.runs.length;) {
      const size = sizeOf(next);
      done += size;
      const judged = judgeBatch(plan.judgements, next);
      for (let row = 0; row < size; row++) if (isRobust(judged, row)) robust++;
      next = outcomes[++batchesCounted];
    }
  };

  const emit = (run: number, step?: Progress): void => {
    if (!report) return;
    count();
    const current = plan.runs[run];
    const secondsLeft = speed.secondsFor(Array.from(finished, (part) => total - part));
    report({
      phase: current ? 'attack' : 'clean',
      ...(current && { attack: { label: current.label, norm: current.norm, epsilon: current.epsilon } }),
      ...(step && { step: step.step, steps: step.steps }),
      done,
      total,
      fraction: finished.reduce((sum, part) => sum + part, 0) / (parts * total),
      robust: { count: robust, total: done },
      rate: speed.rate(),
      ...(secondsLeft !== undefined && { secondsLeft }),
    });
  };

  return {
    begin(run) {
      const startedAt = performance.now();
      return {
        step: (progress) => emit(run, progress),
        end(examples) {
          const time = (performance.now() - startedAt) / 1000;
          speed.note(run + 1, examples, time);
          seconds[run + 1]! += time;
          finished[run + 1]! += examples;
          return time;
        },
      };
    },
    report: emit,
    timing: () => ({
      clean: seconds[0]!,
      attacks: plan.runs.map(({ label, epsilon }, run) => ({
        label,
        epsilon: epsilon === Infinity ? null : epsilon,
        seconds: seconds[run + 1]!,
      })),
    }),
  };
}

function sizeOf({ clean }: BatchOutcome): number {
  return clean?.labels.length ?? 0;
}

/** Measures how long the parts of an evaluation take per example, so that a slow attack does not spoil the estimate of a fast one. */
interface Speed {
  /** `examples` went through `part` in `seconds`. */
  note(part: number, examples: number, seconds: number): void;
  /** Examples per second over everything noted; 0 before the first. */
  rate(): number;
  /** Seconds for `left` further examples of each part; undefined before anything is noted. */
  secondsFor(left: readonly number[]): number | undefined;
}

/** A fresh measurement of `parts` parts. */
function createSpeed(parts: number): Speed {
  const examples = new Float64Array(parts);
  const seconds = new Float64Array(parts);
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    note(part, count, time) {
      examples[part]! += count;
      seconds[part]! += time;
    },
    rate: () => (sum(seconds) > 0 ? sum(examples) / sum(seconds) : 0),
    secondsFor(left) {
      if (sum(examples) === 0) return undefined;
      const overall = sum(seconds) / sum(examples);
      const each = (part: number): number => (examples[part]! > 0 ? seconds[part]! / examples[part]! : overall);
      return left.reduce((total, count, part) => total + count * each(part), 0);
    },
  };
}
