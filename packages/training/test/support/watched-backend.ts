import * as tf from '@tensorflow/tfjs-core';

/** Counts what the backend is asked for, on the backend that is set. It is given a `flush`, as a lazy backend has one. */
export function watchBackend(): { readonly counts: { reads: number; flushes: number }; restore(): void } {
  const backend = tf.backend() as unknown as Record<'read' | 'readSync' | 'flush', unknown>;
  const read = backend.read as (...given: unknown[]) => unknown;
  const counts = { reads: 0, flushes: 0 };
  backend.read = function (this: unknown, ...given: unknown[]) {
    counts.reads += 1;
    return read.apply(this, given);
  };
  backend.flush = () => {
    counts.flushes += 1;
  };
  return {
    counts,
    restore() {
      backend.read = read;
      delete (backend as { flush?: unknown }).flush;
    },
  };
}
