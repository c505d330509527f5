import type { Norm, Progress } from '@advrob/core';

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
  /**
   * Of the examples of finished batches those that withstood everything; 0 of 0 before the first.
   */
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

/** What a tracker is told; it knows neither plans nor outcomes. */
interface TrackerOptions {
  /** The attacks that every example goes through, in order. */
  readonly runs: readonly { readonly label: string; readonly norm: Norm; readonly epsilon: number }[];
  /** Examples of the data. */
  readonly total: number;
  /** Pieces that earlier sessions finished. */
  readonly earlier: readonly { readonly run: number; readonly examples: number; readonly seconds: number }[];
  /** Examples through all runs, and how many of them withstood everything. */
  standing(): { readonly done: number; readonly robust: number };
  readonly report: ((progress: EvaluationProgress) => void) | undefined;
}

/** A tracker that also counts the time of earlier sessions. */
export function createTracker({ runs, total, earlier, standing, report }: TrackerOptions): Tracker {
  const parts = runs.length + 1;
  const speed = createSpeed(parts);
  const seconds = new Float64Array(parts);
  const finished = new Float64Array(parts);
  for (const piece of earlier) {
    seconds[piece.run + 1]! += piece.seconds;
    finished[piece.run + 1]! += piece.examples;
  }
  const emit = (run: number, step?: Progress): void => {
    if (!report) return;
    const { done, robust } = standing();
    const current = runs[run];
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
      attacks: runs.map(({ label, epsilon }, run) => ({
        label,
        epsilon: epsilon === Infinity ? null : epsilon,
        seconds: seconds[run + 1]!,
      })),
    }),
  };
}

/**
 * How long each part takes per example, so that a slow attack does not spoil the estimate of a fast
 * one.
 */
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
