import { AdvrobError } from '../errors.js';
import { mutate } from './mutate.js';

export interface Mutations {
  /** Intact files, damaged in turn. Small ones find more in the same time. */
  readonly samples: readonly Uint8Array[];
  /** The parser under test. */
  parse(bytes: Uint8Array): unknown;
  readonly seed: number;
  /** How many damaged files. */
  readonly count: number;
  /**
   * Bytes held by array buffers now, e.g. `() => process.memoryUsage().arrayBuffers`; left out:
   * allocation is not measured.
   */
  allocated?(): number;
  /** Bytes that parsing a file may allocate; default four times the file. */
  allowance?(bytes: Uint8Array): number;
  /** Longest time for one file in milliseconds; default 1000. */
  readonly timeLimit?: number;
}

/** As {@link Mutations}, for a parser that gives a promise. */
export interface AsyncMutations extends Omit<Mutations, 'parse'> {
  /** The parser under test. */
  parse(bytes: Uint8Array): Promise<unknown>;
}

/** What became of the damaged files. */
export interface Survival {
  /** Files read without an error, in spite of the damage. */
  readonly accepted: number;
  /** Refusals by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

/**
 * Feeds a parser damaged files. It may accept them or throw an `AdvrobError`; anything else, more
 * time or more memory than allowed is a failure.
 *
 * @throws Error that names seed and index, from which {@link mutate} makes the file again.
 * @example
 * ```ts
 * import { surviveMutations } from '@advrob/core/testing';
 * surviveMutations({ samples: [Uint8Array.of(1, 2)], parse: (bytes) => bytes[0], seed: 0, count: 100 });
 * ```
 */
export function surviveMutations(mutations: Mutations): Survival {
  const survivors = countOutcomes();
  for (const file of damagedFiles(mutations)) {
    let attempt = attemptParse(file, mutations);
    if (isSlow(attempt, mutations)) attempt = attemptParse(file, mutations);
    survivors.add(judge(attempt, file, mutations));
  }
  return survivors.result;
}

/**
 * {@link surviveMutations} for a parser that gives a promise.
 *
 * @throws Error that names seed and index, from which {@link mutate} makes the file again.
 */
export async function surviveMutationsAsync(mutations: AsyncMutations): Promise<Survival> {
  const survivors = countOutcomes();
  for (const file of damagedFiles(mutations)) {
    let attempt = await attemptParseAsync(file, mutations);
    if (isSlow(attempt, mutations)) attempt = await attemptParseAsync(file, mutations);
    survivors.add(judge(attempt, file, mutations));
  }
  return survivors.result;
}

interface Damaged {
  readonly bytes: Uint8Array;
  /** Names it in messages. */
  readonly which: string;
}

function* damagedFiles({ samples, seed, count }: Omit<Mutations, 'parse'>): Generator<Damaged> {
  for (let index = 0; index < count; index++) {
    const sample = index % samples.length;
    yield { bytes: mutate(samples[sample]!, seed, index), which: `seed ${seed}, index ${index}, sample ${sample}` };
  }
}

function countOutcomes(): { add(code: string | undefined): void; readonly result: Survival } {
  let accepted = 0;
  const refused: Record<string, number> = {};
  return {
    add(code) {
      if (code === undefined) accepted++;
      else refused[code] = (refused[code] ?? 0) + 1;
    },
    get result() {
      return { accepted, refused };
    },
  };
}

interface Attempt {
  /** Milliseconds. */
  readonly time: number;
  /** Bytes of array buffers. */
  readonly held: number;
  readonly parsed: unknown;
  /** Left out when the file was accepted. */
  readonly error?: unknown;
}

const slowest = 1000;

/**
 * A busy machine may stop the process for a while; a parser that hangs does so every time, so it
 * gets a second attempt.
 */
function isSlow({ time }: Attempt, { timeLimit = slowest }: Omit<Mutations, 'parse'>): boolean {
  return time > timeLimit;
}

/** The error code, or undefined when the file was accepted. */
function judge(
  { time, held, parsed, error }: Attempt,
  { bytes, which }: Damaged,
  { allowance = (file) => 4 * file.length, timeLimit = slowest }: Omit<Mutations, 'parse'>,
): string | undefined {
  if (error !== undefined && !(error instanceof AdvrobError))
    throw new Error(`${which}: expected an AdvrobError, got ${String(error)}`, { cause: error });
  if (error === undefined && parsed === undefined)
    throw new Error(`${which}: expected a result or an error, got undefined`);
  if (time > timeLimit) throw new Error(`${which}: took ${Math.round(time)} ms of at most ${timeLimit}`);
  if (held > allowance(bytes))
    throw new Error(`${which}: allocated ${held} bytes of at most ${allowance(bytes)} for a file of ${bytes.length}`);
  return error?.code;
}

function attemptParse({ bytes }: Damaged, { parse, allocated }: Mutations): Attempt {
  const watch = startWatch(allocated);
  try {
    return { parsed: parse(bytes), ...watch() };
  } catch (error) {
    return { parsed: undefined, error, ...watch() };
  }
}

async function attemptParseAsync({ bytes }: Damaged, { parse, allocated }: AsyncMutations): Promise<Attempt> {
  const watch = startWatch(allocated);
  try {
    return { parsed: await parse(bytes), ...watch() };
  } catch (error) {
    return { parsed: undefined, error, ...watch() };
  }
}

/** Gives time and memory since now. */
function startWatch(allocated: (() => number) | undefined): () => Pick<Attempt, 'time' | 'held'> {
  const heldBefore = allocated?.() ?? 0;
  const startedAt = performance.now();
  return () => ({ time: performance.now() - startedAt, held: (allocated?.() ?? 0) - heldBefore });
}
