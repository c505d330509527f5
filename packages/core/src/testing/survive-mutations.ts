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
  /** Bytes held by array buffers now, e.g. `() => process.memoryUsage().arrayBuffers`; left out: allocation is not measured. */
  allocated?(): number;
  /** Bytes that parsing a file may allocate; default four times the file. */
  allowance?(bytes: Uint8Array): number;
  /** Longest time for one file in milliseconds; default 1000. */
  readonly timeLimit?: number;
}

/** What became of the damaged files. */
export interface Survival {
  /** Files read without an error, in spite of the damage. */
  readonly accepted: number;
  /** Refusals by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

/**
 * Feeds a parser damaged files. It may accept them or throw an `AdvrobError`; anything else, more time or more memory than allowed is a failure.
 *
 * @throws Error that names seed and index, from which {@link mutate} makes the file again.
 * @example
 * ```ts
 * import { surviveMutations } from '@advrob/core/testing';
 * surviveMutations({ samples: [Uint8Array.of(1, 2)], parse: (bytes) => bytes[0], seed: 0, count: 100 });
 * ```
 */
export function surviveMutations(mutations: Mutations): Survival {
  const { samples, seed, count } = mutations;
  let accepted = 0;
  const refused: Record<string, number> = {};
  for (let index = 0; index < count; index++) {
    const sample = index % samples.length;
    const code = parseDamaged(
      mutate(samples[sample]!, seed, index),
      mutations,
      `seed ${seed}, index ${index}, sample ${sample}`,
    );
    if (code === undefined) accepted++;
    else refused[code] = (refused[code] ?? 0) + 1;
  }
  return { accepted, refused };
}

/** The error code, or undefined when the file was accepted. */
function parseDamaged(bytes: Uint8Array, mutations: Mutations, which: string): string | undefined {
  const { allowance = (file) => 4 * file.length, timeLimit = 1000 } = mutations;
  let attempt = attemptParse(bytes, mutations, which);
  // A busy machine may stop the process for a while; a parser that hangs does so every time.
  if (attempt.time > timeLimit) attempt = attemptParse(bytes, mutations, which);
  const { time, held, code } = attempt;
  if (time > timeLimit) throw new Error(`${which}: took ${Math.round(time)} ms of at most ${timeLimit}`);
  if (held > allowance(bytes))
    throw new Error(`${which}: allocated ${held} bytes of at most ${allowance(bytes)} for a file of ${bytes.length}`);
  return code;
}

interface Attempt {
  /** Milliseconds. */
  readonly time: number;
  /** Bytes of array buffers. */
  readonly held: number;
  readonly code: string | undefined;
}

function attemptParse(bytes: Uint8Array, { parse, allocated }: Mutations, which: string): Attempt {
  const heldBefore = allocated?.() ?? 0;
  const startedAt = performance.now();
  let parsed: unknown;
  let code: string | undefined;
  try {
    parsed = parse(bytes);
  } catch (cause) {
    if (!(cause instanceof AdvrobError))
      throw new Error(`${which}: expected an AdvrobError, got ${String(cause)}`, { cause });
    code = cause.code;
  }
  const time = performance.now() - startedAt;
  const held = (allocated?.() ?? 0) - heldBefore;
  if (code === undefined && parsed === undefined)
    throw new Error(`${which}: expected a result or an error, got undefined`);
  return { time, held, code };
}
