import { AdvrobError } from '@advrob/core';

/** @throws AdvrobError `ADVROB_ABORTED` when the signal says so. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AdvrobError('ADVROB_ABORTED', 'training stopped on request', { cause: signal.reason });
}

/** Makes a function that lets timers, signals and rendering run, at most every 30 ms: tensor code alone would never give way. */
export function createPauses(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 30) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    last = performance.now();
  };
}
