import { AdvrobError, type ErrorCode } from '@advrob/core';
import type { BatchReport, BatchTask, Hands } from '@advrob/evaluation/shards';
import { fork, type ChildProcess } from 'node:child_process';
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

/** Of what a process says on standard error, so many last characters are told when it ends. */
const mostSaid = 2000;

/** A process that computes batches. */
interface Job {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  /** Called with what it says. */
  listener: ((message: FromJob) => void) | undefined;
  /** Settles when it ends: how, in words. */
  readonly ended: Promise<string>;
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
    for (const job of jobs) job?.process.kill('SIGKILL');
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
        const what = `job ${hand + 1} of ${count} (process ${job.process.pid}) ${lost} while at batch ${task.place}`;
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

function start(message: Extract<ToJob, { type: 'open' }>, signal: AbortSignal): Job {
  const child = fork(fileURLToPath(new URL('./job.js', import.meta.url)), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`did not start (${error.message})`));
    child.on('close', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      resolve(`${signal ? `was ended by ${signal}` : `ended with code ${code}`}${last === '' ? '' : ` (${last})`}`);
    });
  });
  const job: Job = { process: child, ended, listener: undefined, ready: Promise.resolve() };
  child.on('message', (told: FromJob) => job.listener?.(told));
  const ready = answer(job, message, undefined, signal).then((lost) => {
    if (lost !== undefined) throw new LostJob(lost);
  });
  return Object.assign(job, { ready });
}

class LostJob extends Error {}

/** Gives a job something to do; resolves when it is done, with how the process ended where it did. */
async function answer(
  job: Job,
  message: ToJob,
  report?: BatchReport,
  signal?: AbortSignal,
): Promise<string | undefined> {
  let kept = Promise.resolve();
  let stopped = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      job.listener = (told) => {
        if (told.type === 'begin') report?.begin(told.run, told.examples);
        else if (told.type === 'steps') for (const step of told.steps) report?.step(step);
        else if (told.type === 'piece') kept = kept.then(() => report?.keep(told.line));
        else if (told.type === 'failed') reject(errorOf(told));
        else resolve(undefined);
      };
      stopped = () => reject(new AdvrobError('ADVROB_ABORTED', 'stopped'));
      if (signal?.aborted) stopped();
      else signal?.addEventListener('abort', stopped);
      void job.ended.then(resolve);
      job.process.send(message, (error) => {
        // One that is gone tells it by its end.
        if (error) job.process.kill('SIGKILL');
      });
    });
  } finally {
    signal?.removeEventListener('abort', stopped);
    job.listener = undefined;
    await kept;
  }
}

/** Computes what is missing of a batch; how the process was lost, or undefined. */
async function compute(job: Job, { place, done, signal }: BatchTask, report: BatchReport): Promise<string | undefined> {
  try {
    await job.ready;
  } catch (error) {
    if (error instanceof LostJob) return error.message;
    throw error;
  }
  return answer(job, { type: 'compute', place, done: done() }, report, signal);
}

function errorOf({ code, message }: Extract<FromJob, { type: 'failed' }>): Error {
  if (code === null) return Object.assign(new Error(message.split('\n')[0]), { stack: message });
  return new AdvrobError(code as ErrorCode, message.replace(` [${code}]`, ''));
}
