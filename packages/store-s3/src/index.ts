/**
 * A bucket of S3, or of a service that speaks it, as a store of `@advrob/scale`.
 *
 * @packageDocumentation
 */
export { bucketAddress, type BucketAddress } from './address.js';
export { s3Store, type S3Options } from './store.js';
