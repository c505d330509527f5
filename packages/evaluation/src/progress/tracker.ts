import type { Progress } from '@advrob/core';
import type { JournalLine } from '../resume/journal-lines.js';
import type { EvaluationTiming } from '../run/evaluate.js';
import type { BatchOutcome } from '../run/outcome.js';
import type { Plan } from '../run/plan.js';
import { judgeBatch } from '../run/judge.js';
import { isRobust } from '../summary/examples.js';
import type { EvaluationProgress } from './progress.js';
import { createSpeed } from './speed.js';

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

export interface TrackerOptions {
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
