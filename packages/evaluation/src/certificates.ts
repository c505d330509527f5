/**
 * Certifiers in an evaluation: robust accuracy between a lower and an upper bound.
 *
 * @packageDocumentation
 */
export { certificates } from './evaluate/certificates/certificates.js';
export { certificateTexts } from './evaluate/certificates/texts.js';
export type { CertificateRun, Certificates, EvaluationCertifier } from './evaluate/certificates/types.js';
