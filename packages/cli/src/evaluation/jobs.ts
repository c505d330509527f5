import { AdvrobError } from '@advrob/core';
import type { BatchReport, BatchTask, Hands } from '@advrob/evaluation/shards';
import { LostChild, startChild, type AskOptions, type Child } from '@advrob/scale';
import { fileURLToPath } from 'node:url';
import type { Output } from '../output/terminal.js';
import type { FromJob, ToJob } from './messages.js';

interface JobsOptions {
  /** How many processes. */
  readonly count: number;
  /** What stands behind `advrob evaluate` for a single run. */
  readonly args: readonly string[];
  /** Where adversarial examples are saved. */
  readonly folder: string;
  readonly output: Pick<Output, 'warn'>;
}

/** A process that computes batches. */
interface Job {
  readonly child: Child<ToJob, FromJob>;
  readonly ready: Promise<void>;
}

/**
 * Processes of this machine that compute the batches of an evaluation. A process that is lost, by
 * want of memory, say, is named and replaced, and its batch computed again, once. They end when they
 * are closed, and when this process does.
 *
 * @throws AdvrobError `ADVROB_JOB` for a batch that two processes were lost at.
 */
export function openJobs({ count, args, folder, output }: JobsOptions): Hands & { close(): void } {
  const jobs: (Job | undefined)[] = [];
  const close = (): void => {
    for (const job of jobs) job?.child.kill();
    process.off('exit', close);
  };
  process.once('exit', close);
  return {
    count,
    close,
    open: async (fingerprint) => async (hand, task, report) => {
      for (let losses = 0; ; losses++) {
        const job = (jobs[hand] ??= start({ type: 'open', args, folder, fingerprint }, task.signal));
        const lost = await compute(job, task, report);
        if (lost === undefined) return;
        jobs[hand] = undefined;
        const what = `job ${hand + 1} of ${count} (process ${job.child.pid}) ${lost} while at batch ${task.place}`;
        if (losses > 0)
          throw new AdvrobError(
            'ADVROB_JOB',
            `${what}, as the one before it: is there memory for ${count} processes? Fewer --jobs or a smaller --batch-size take less; the same command goes on from here`,
          );
        output.warn([`${what}: the batch is computed again`]);
      }
    },
  };
}

/** Starts a process that computes batches. */
export function startJob(): Child<ToJob, FromJob> {
  return startChild(fileURLToPath(new URL('./job.js', import.meta.url)));
}

function start(message: Extract<ToJob, { type: 'open' }>, signal: AbortSignal): Job {
  const child = startJob();
  return { child, ready: child.ask(message, { signal }) };
}

/** Computes what is missing of a batch; how the process was lost, or undefined. */
async function compute(
  { child, ready }: Job,
  { place, done, signal }: BatchTask,
  report: BatchReport,
): Promise<string | undefined> {
  try {
    await ready;
    await computeBatch(child, { place, done: done() }, report, { signal });
    return undefined;
  } catch (error) {
    if (error instanceof LostChild) return error.message;
    throw error;
  }
}

/** Lets a process that is open compute what is missing of a batch. */
export async function computeBatch(
  child: Child<ToJob, FromJob>,
  batch: Omit<Extract<ToJob, { type: 'compute' }>, 'type'>,
  report: BatchReport,
  options: Omit<AskOptions<FromJob>, 'onTold'>,
): Promise<void> {
  let kept = Promise.resolve();
  const onTold = (told: FromJob): void => {
    if (told.type === 'begin') report.begin(told.run, told.examples);
    else if (told.type === 'steps') for (const step of told.steps) report.step(step);
    else kept = kept.then(() => report.keep(told.line));
  };
  await child.ask({ type: 'compute', ...batch }, { ...options, onTold }).finally(() => kept);
}
