/**
 * Counter-based randomness: every draw is a function of its coordinates, so that no result depends
 * on batch mates, batch size or a resume.
 *
 * @packageDocumentation
 */
export * from './random/host-draws.js';
export * from './random/random.js';
export * from './random/row-random.js';
