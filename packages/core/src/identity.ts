/**
 * What a run, a model and settings are, so that a resumed run never goes on with the results of
 * another: identities as JSON, and in words what two of them differ in.
 *
 * @packageDocumentation
 */
export { describeValue, differencesOf } from './identity/describe.js';
export { hashModel } from './identity/hash.js';
export { identifyBackend, identifyData, identifyModel, identifyValue, type Identity } from './identity/identify.js';
