/**
 * Threat models: what an adversary may do, and the projections, directions, random starts and
 * distances that follow.
 *
 * @packageDocumentation
 */
export { boundsSlack, createThreat, norms, resolveThreat } from './threat/threat-model.js';
