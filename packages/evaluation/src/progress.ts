import type { Attack, Norm, Progress } from '@advrob/core';

/** Where an evaluation stands. Made from results that were read back anyway. */
export interface EvaluationProgress {
  /** What is at work. */
  readonly phase: 'clean' | 'certificate' | 'attack';
  /** The attack at work, with its threat. */
  readonly attack?: { readonly label: string; readonly norm: Norm; readonly epsilon: number };
  /** The certifier at work, with its threat. */
  readonly certifier?: { readonly label: string; readonly norm: Norm; readonly epsilon: number };
  /** Steps of that attack on this batch, where it reports them. */
  readonly step?: number;
  readonly steps?: number;
  /** Examples through all attacks, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Share of all work done, 0 to 1, by the time that it takes; it never falls. */
  readonly fraction: number;
  /**
   * Of the examples of finished batches those that withstood everything; 0 of 0 before the first.
   */
  readonly robust: { readonly count: number; readonly total: number };
  /**
   * Examples per second of this session, an example under one attack at one epsilon being one; 0
   * before the first is measured.
   */
  readonly rate: number;
  /**
   * Seconds of work left at the speed of each attack so far, its steps inside of a batch counted;
   * undefined before it is known.
   */
  readonly secondsLeft?: number;
  /**
   * What the batches of this session took, of attacks that say their steps: `work` of `whole`, which
   * is all steps on all examples. Examples that fall leave an attack early.
   */
  readonly made: { readonly work: number; readonly whole: number };
}

/** Seconds of work; the only part of an evaluation that differs from run to run. */
export interface EvaluationTiming {
  readonly clean: number;
  /** `epsilon` is null for a minimal norm without a bound. */
  readonly attacks: readonly { readonly label: string; readonly epsilon: number | null; readonly seconds: number }[];
  /** `epsilon` is null where the largest radii were looked for. Left out without certifiers. */
  readonly certifiers?: { readonly label: string; readonly epsilon: number | null; readonly seconds: number }[];
}

/**
 * Keeps time and tells the caller how far an evaluation is. Run -1 is the clean pass, -2, -3 and so on
 * are those of certifiers.
 */
export interface Tracker {
  /** Begins a piece of so many examples. */
  begin(
    run: number,
    examples: number,
  ): {
    /** For the attack's own progress. */
    step(progress: Progress): void;
    /** Ends the piece; returns its seconds. */
    end(): number;
    /** Forgets a piece that was not finished. */
    drop(): void;
  };
  /** Counts a piece that was computed elsewhere. */
  add(run: number, examples: number, seconds: number): void;
  report(run: number, step?: Progress): void;
  timing(): EvaluationTiming;
}

/** What a tracker is told; it knows neither plans nor outcomes. */
interface TrackerOptions {
  /** The attacks that every example goes through, in order. */
  readonly runs: readonly {
    readonly label: string;
    readonly norm: Norm;
    readonly epsilon: number;
    /** What its options say of a batch; undefined where they say nothing. */
    readonly expected: Expected | undefined;
  }[];
  /** The certifiers before them. Default none. */
  readonly certificates?: readonly { readonly label: string; readonly norm: Norm; readonly epsilon: number }[];
  /** Examples of the data. */
  readonly total: number;
  /** How many pieces are at work at a time. Default 1. */
  readonly hands?: number | undefined;
  /** Pieces that earlier sessions finished. */
  readonly earlier: readonly { readonly run: number; readonly examples: number; readonly seconds: number }[];
  /** Examples through all runs, and how many of them withstood everything. */
  standing(): { readonly done: number; readonly robust: number };
  readonly report: ((progress: EvaluationProgress) => void) | undefined;
}

/** A tracker that also counts the time of earlier sessions. */
export function createTracker(options: TrackerOptions): Tracker {
  const { runs, certificates = [], total, hands = 1, earlier, standing, report } = options;
  const parts = [
    { steps: 1, cost: forward },
    ...runs.map(({ expected }) => expected),
    ...certificates.map(() => undefined),
  ].map(createPart);
  const placeOf = (run: number): number => (run < -1 ? runs.length - 1 - run : run + 1);
  for (const { run, examples, seconds } of earlier) {
    parts[placeOf(run)]!.seconds += seconds;
    parts[placeOf(run)]!.finished += examples;
  }
  const before = parts.map(({ finished, seconds }) => ({ finished, seconds }));
  let highest = 0;
  /** Of finished pieces: work, and what it is of all steps on all examples. */
  const made = { work: 0, whole: 0 };
  const emit = (run: number, step?: Progress): void => {
    if (!report) return;
    const { done, robust } = standing();
    const phase = run < -1 ? 'certificate' : run < 0 ? 'clean' : 'attack';
    const current = runs[run] ?? certificates[-2 - run];
    const work = workOf(parts, total);
    const isDone = parts.every(({ finished }) => finished >= total);
    highest = isDone ? 1 : Math.max(highest, Math.min(0.999, work.fraction));
    const worked = parts.reduce(
      (sum, { finished, seconds }, i) => {
        const { finished: examples, seconds: time } = before[i]!;
        return { examples: sum.examples + finished - examples, seconds: sum.seconds + seconds - time };
      },
      { examples: 0, seconds: 0 },
    );
    report({
      phase,
      ...(current && {
        [phase === 'attack' ? 'attack' : 'certifier']: {
          label: current.label,
          norm: current.norm,
          epsilon: current.epsilon,
        },
      }),
      ...(step && { step: step.step, steps: step.steps }),
      done,
      total,
      fraction: highest,
      robust: { count: robust, total: done },
      rate: worked.seconds > 0 ? (hands * worked.examples) / worked.seconds : 0,
      ...(work.left !== undefined && { secondsLeft: work.left / hands }),
      made: { ...made },
    });
  };
  return {
    begin(run, examples) {
      const part = parts[placeOf(run)]!;
      const current: Piece = { startedAt: performance.now(), examples, steps: 0 };
      part.current.add(current);
      const follow = followMembers(part, examples);
      emit(run);
      return {
        step(progress) {
          current.steps++;
          current.course = follow(progress);
          emit(run, progress);
        },
        end() {
          const time = elapsed(current);
          part.seconds += time;
          part.finished += examples;
          if (current.course) {
            made.work += examples * current.course.done;
            made.whole += examples * current.course.expected;
          }
          if (current.steps > 0 && !part.members) part.steps = current.steps;
          part.current.delete(current);
          return time;
        },
        drop: () => void part.current.delete(current),
      };
    },
    add(run, examples, seconds) {
      const part = parts[placeOf(run)]!;
      part.seconds += seconds;
      part.finished += examples;
    },
    report: emit,
    timing() {
      const timesOf = (list: readonly { label: string; epsilon: number }[], first: number) =>
        list.map(({ label, epsilon }, i) => ({
          label,
          epsilon: epsilon === Infinity ? null : epsilon,
          seconds: parts[first + i]!.seconds,
        }));
      return {
        clean: parts[0]!.seconds,
        attacks: timesOf(runs, 1),
        ...(certificates.length > 0 && { certifiers: timesOf(certificates, 1 + runs.length) }),
      };
    },
  };
}

/** What a forward pass takes of a step, which goes forward and back. */
const forward = 1 / 3;
/** Of an attack that does not say how many steps it takes. */
const usualSteps = 20;

/** How many steps a piece of work takes, and what each costs: 1 forward and back. */
export interface Expected {
  readonly steps: number;
  readonly cost: number;
  /** Of an attack that runs others: each in its turn. */
  readonly members?: readonly (Expected & { readonly attack: string })[];
}

/**
 * What the options of an attack say of its steps or queries, or of those of the attacks that it
 * runs; undefined where they name neither.
 *
 * @param norm - Of the threat, by which an ensemble may choose its members.
 */
export function expectedOf(
  { options, definition }: { readonly options?: unknown; readonly definition?: Pick<Attack['definition'], 'members'> },
  restarts = 1,
  norm: Norm = 'linf',
): Expected | undefined {
  const members = definition?.members?.(options, norm).map(({ attack, restarts: own }) => ({
    ...(expectedOf(attack, own, norm) ?? { steps: usualSteps, cost: 1 }),
    attack: attack.name,
  }));
  if (members) return { steps: members.reduce((sum, { steps, cost }) => sum + steps * cost, 0), cost: 1, members };
  const { steps, queries, targets = 1 } = { ...(options as object) } as Readonly<Record<string, unknown>>;
  if (typeof steps === 'number' && steps > 0)
    return { steps: steps * restarts * (typeof targets === 'number' ? targets : 1), cost: 1 };
  return typeof queries === 'number' && queries > 0 ? { steps: queries, cost: forward } : undefined;
}

/**
 * Follows the steps of a batch: what was done, and what is ahead, each by what it costs and the rows
 * that it is on, since decided rows are dropped. Undefined where nobody knows how many steps there
 * are.
 */
function followMembers({ members, steps }: Part, examples: number): (progress: Progress) => Course | undefined {
  const all = members ?? (steps === undefined ? [] : [{ attack: undefined, steps, cost: 1 }]);
  const expected = all.reduce((sum, one) => sum + one.steps * one.cost, 0);
  const overhead = watchOverhead();
  let place = 0;
  let made = 0;
  let last = performance.now();
  const nothing = { cost: 0, rows: 0, seconds: 0 };
  let [whole, own] = [nothing, nothing];
  return ({ attack, step, steps: ofLoop, rows }) => {
    const next = all.findIndex((one, i) => i > place && one.attack === attack);
    if (next > 0 && all[place]!.attack !== attack) [place, made, own] = [next, 0, nothing];
    const member = all[place];
    if (member === undefined) return undefined;
    made++;
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    const share = rows / examples;
    const fixed = overhead.after(share, seconds / member.cost);
    // Of a step on all rows, one with these.
    const weightOf = (cost: number, inRows: number): number => (inRows + fixed * cost) / (1 + fixed);
    [whole, own] = [whole, own].map((sum) => ({
      cost: sum.cost + member.cost,
      rows: sum.rows + member.cost * share,
      seconds: sum.seconds + seconds,
    })) as [typeof nothing, typeof nothing];
    const done = weightOf(whole.cost, whole.rows);
    const later = all.slice(place + 1).reduce((sum, one) => sum + one.steps * one.cost, 0);
    // The last step is not all: its results are still to be judged.
    const rest = Math.max(member.steps - made, ofLoop - step, later > 0 ? 0 : 1) * member.cost;
    // An attack goes on at its own speed, once that is known; those after it as all did.
    const speed = whole.seconds / done;
    const ownSpeed = made < 5 ? speed : own.seconds / weightOf(own.cost, own.rows);
    return {
      done,
      expected,
      seconds: whole.seconds,
      ahead: weightOf(rest, rest * share) * ownSpeed + weightOf(later, later * Math.min(share, 1)) * speed,
    };
  };
}

/** What a step takes without any rows, as a share of what all rows take, before it is known. */
const usualOverhead = 0.1;

/** Finds out by least squares what a step takes without any rows, once the rows have changed enough. */
function watchOverhead(): { after(share: number, seconds: number): number } {
  let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
  return {
    after(share, seconds) {
      [n, x, y, xx, xy] = [n + 1, x + share, y + seconds, xx + share * share, xy + share * seconds];
      const variance = xx / n - (x / n) ** 2;
      if (n < 20 || n * variance < 0.3) return usualOverhead;
      const slope = (xy / n - (x / n) * (y / n)) / variance;
      const fixed = y / n - slope * (x / n);
      return slope > 0 ? Math.min(10, Math.max(0.01, fixed / slope)) : 10;
    },
  };
}

/** Work of one batch, 1 being a step of all of it forward and back. */
interface Course {
  readonly done: number;
  /** Of all steps on all rows. */
  readonly expected: number;
  /** For what is done, and for what is ahead. */
  readonly seconds: number;
  readonly ahead: number;
}

/** A batch at work under one run. */
export interface Piece {
  readonly startedAt: number;
  readonly examples: number;
  steps: number;
  course?: Course | undefined;
}

/** A run over all batches: what is finished of it, and the batches that it is at. */
export interface Part {
  finished: number;
  seconds: number;
  /** Steps for a batch: as the options say, then as they were for the last one. */
  steps: number | undefined;
  cost: number;
  /** Of an attack that runs others. */
  readonly members: Expected['members'];
  readonly current: Set<Piece>;
}

export function createPart(expected: Expected | undefined): Part {
  const { steps, cost = 1, members } = expected ?? {};
  return { finished: 0, seconds: 0, steps, cost, members, current: new Set() };
}

export function elapsed({ startedAt }: Piece): number {
  return (performance.now() - startedAt) / 1000;
}

/** How much of a batch at work is done, by its steps; 0 where nobody knows how many there are. */
function shareOf({ steps }: Part, current: Piece): number {
  if (steps === undefined || current.steps === 0) return 0;
  if (current.course) return current.course.seconds / Math.max(current.course.seconds + current.course.ahead, 1e-9);
  // More steps than were expected are never all.
  return current.steps / Math.max(steps, current.steps + 1);
}

/**
 * Seconds for an example by what was measured of this run, also inside of its first batch;
 * undefined before.
 */
function measured(part: Part): number | undefined {
  if (part.finished > 0) return part.seconds / part.finished;
  for (const current of part.current) {
    const share = shareOf(part, current);
    if (share > 0) return elapsed(current) / share / current.examples;
  }
  return undefined;
}

/**
 * The share that is done and the seconds that are left. A run that nothing is known of is taken to
 * need as long for a step as the others; where no run is known, neither are the seconds.
 */
export function workOf(parts: readonly Part[], total: number): { fraction: number; left: number | undefined } {
  const stepsOf = (part: Part): number => (part.steps ?? usualSteps) * part.cost;
  const known = parts.flatMap((part) => {
    const seconds = measured(part);
    return seconds === undefined ? [] : [{ seconds, steps: stepsOf(part) }];
  });
  const sum = (pick: (one: { seconds: number; steps: number }) => number): number =>
    known.reduce((all, one) => all + pick(one), 0);
  const perStep = known.length === 0 ? 1 : sum(({ seconds }) => seconds) / sum(({ steps }) => steps);
  // The forward pass alone says little of attacks.
  const isKnown = parts.length === 1 ? known.length > 0 : parts.slice(1).some((part) => measured(part) !== undefined);
  let done = 0;
  let left = 0;
  for (const part of parts) {
    const seconds = measured(part) ?? perStep * stepsOf(part);
    let rest = total - part.finished;
    done += part.finished * seconds;
    for (const current of part.current) {
      const share = shareOf(part, current);
      const spent = elapsed(current);
      // Of a batch at work what is left by its own speed, where that is known; a guess grows with
      // the time that was spent.
      const guess = Math.max(current.examples * seconds, spent * (part.finished > 0 ? 1.05 : 2));
      const whole = share > 0 ? spent / share : guess;
      done += spent;
      left += whole - spent;
      rest -= current.examples;
    }
    left += Math.max(0, rest) * seconds;
  }
  return { fraction: done + left > 0 ? done / (done + left) : 0, left: isKnown ? left : undefined };
}
