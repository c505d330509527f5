/**
 * Small statistics of numbers on the host, in float64.
 *
 * @packageDocumentation
 */
export { logLogSlope, meanOf, medianOf, slopeOf } from './statistics/descriptive.js';
export { estimateMean, studentQuantile, type MeanEstimate } from './statistics/student.js';
export { normalDistribution, normalQuantile } from './statistics/normal.js';
export { binomialQuantile, binomialTest, clopperPearson } from './statistics/binomial.js';
export { betaQuantile, logGamma } from './statistics/incomplete-beta.js';
