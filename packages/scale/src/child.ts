import { AdvrobError, type ErrorCode } from '@advrob/core';
import { fork, type ChildProcess } from 'node:child_process';
import type { FromChild } from './parent.js';

/** Of what a process says on standard error, so many last characters are told when it ends. */
const mostSaid = 2000;

/** A process that was lost before it answered; the message says how, in words: `was ended by SIGKILL`. */
export class LostChild extends Error {}

/** How a child is asked. */
export interface AskOptions<Told> {
  /** Called with what it tells on the way, in order. */
  readonly onTold?: ((told: Told) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a word after which it is taken to hang, and ended. Default: it may take any time. */
  readonly stallAfter?: number | undefined;
}

/** A process that computes for this one. */
export interface Child<To, Told> {
  readonly pid: number | undefined;
  /** Whether it was started and has not ended. */
  readonly isAlive: boolean;
  /**
   * Asks for one piece of work at a time.
   *
   * @throws LostChild when it ends before it answers, also by `stallAfter`; what it failed with, an
   *   AdvrobError under its code; AdvrobError `ADVROB_ABORTED` on the signal, which leaves it at work.
   */
  ask(message: To, options?: AskOptions<Told>): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** Names of variables that hold secrets of the queue and the store: a child needs neither. */
const secretVariables = /^(ADVROB_ON|ADVROB_STORE|ADVROB_REDIS_.*|AWS_.*)$/;

/**
 * Starts a process that runs `serveParent`. It ends with this process, also when that is killed.
 *
 * @param entry - Path of its module.
 */
export function startChild<To, Told>(entry: string): Child<To, Told> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !secretVariables.test(name)));
  const child = fork(entry, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env });
  let said = '';
  let isAlive = true;
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`did not start (${error.message})`));
    child.on('close', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      resolve(`${signal ? `was ended by ${signal}` : `ended with code ${code}`}${last === '' ? '' : ` (${last})`}`);
    });
  });
  void ended.then(() => (isAlive = false));
  return {
    pid: child.pid,
    get isAlive() {
      return isAlive;
    },
    ask: (message, options = {}) => answered(child, ended, message, options),
    kill: () => void child.kill('SIGKILL'),
  };
}

async function answered<To, Told>(
  child: ChildProcess,
  ended: Promise<string>,
  message: To,
  { onTold, signal, stallAfter }: AskOptions<Told>,
): Promise<void> {
  let heardAt = performance.now();
  let isStalled = false;
  let watch: ReturnType<typeof setInterval> | undefined;
  let hear: (from: FromChild<Told>) => void = () => undefined;
  let stop = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      hear = (from) => {
        heardAt = performance.now();
        if (from.type === 'told') onTold?.(from.value);
        else if (from.type === 'failed') reject(errorOf(from));
        else resolve();
      };
      stop = () => reject(new AdvrobError('ADVROB_ABORTED', 'stopped'));
      child.on('message', hear);
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop);
      if (stallAfter !== undefined)
        watch = setInterval(() => {
          if (performance.now() - heardAt < stallAfter) return;
          isStalled = true;
          child.kill('SIGKILL');
        }, stallAfter / 10);
      void ended.then((how) =>
        reject(new LostChild(isStalled ? `gave no sign of progress for ${words(stallAfter!)} and was ended` : how)),
      );
      child.send(message as object, (error) => {
        // One that is gone tells it by its end.
        if (error) child.kill('SIGKILL');
      });
    });
  } finally {
    clearInterval(watch);
    signal?.removeEventListener('abort', stop);
    child.off('message', hear);
  }
}

function words(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function errorOf({ code, message }: Extract<FromChild<unknown>, { type: 'failed' }>): Error {
  if (code === null) return Object.assign(new Error(message.split('\n')[0]), { stack: message });
  return new AdvrobError(code as ErrorCode, message.replace(` [${code}]`, ''));
}
