import { AdvrobError } from './errors.js';

let lastPause = 0;

/**
 * Lets timers, signals and rendering run, at most every 30 ms: tensor code alone would never give
 * way. Call it between the steps of a long computation.
 */
export async function giveWay(): Promise<void> {
  if (performance.now() - lastPause < 30) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  lastPause = performance.now();
}

/** @throws AdvrobError `ADVROB_ABORTED` when the signal says so. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AdvrobError('ADVROB_ABORTED', 'stopped on request', { cause: signal.reason });
}
