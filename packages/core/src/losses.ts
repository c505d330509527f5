/**
 * Losses in forms that stay exact in float32, per row, differentiable on every backend; and the same as losses of attacks.
 *
 * @packageDocumentation
 */
export * from './losses/cross-entropy.js';
