/**
 * Losses in forms that stay exact in float32, per row, differentiable on every backend; and the
 * same as losses of attacks.
 *
 * @packageDocumentation
 */
export * from './losses/attack-losses.js';
export * from './losses/cross-entropy.js';
export { dlr, dlrLoss, targetedDlr } from './losses/dlr.js';
export * from './losses/kl-divergence.js';
export * from './losses/log-one-minus-probability.js';
export { margin, marginLoss } from './losses/margin.js';
export * from './losses/without-gradient.js';
