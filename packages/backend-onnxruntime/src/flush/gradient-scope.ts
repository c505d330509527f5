import { engine } from '@tensorflow/tfjs-core';

/**
 * Whether tfjs is propagating gradients back. What is recorded there may take factors out of products that are still
 * recorded, so computing everything in the middle of it, where only counts say so, would change bits.
 */
export function isTakingGradient(): boolean {
  return engine().state.scopeStack.some((scope) => scope.name === 'backward');
}
