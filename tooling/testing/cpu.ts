import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vitest/config';

const replacement = fileURLToPath(new URL('broadcast.ts', import.meta.url));

/** Tests that load tfjs' cpu backend get it with the quick repetition of `broadcast.ts`. */
export function broadcastsQuickly(): Plugin {
  return {
    name: 'broadcasts-quickly',
    enforce: 'pre',
    resolveId: (id, importer) =>
      id === '@tensorflow/tfjs-backend-cpu' && importer !== replacement ? replacement : undefined,
  };
}
