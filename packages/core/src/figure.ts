/**
 * Tables and figures that analyses give to reports, as plain JSON.
 *
 * @packageDocumentation
 */
export * from './figure/figure.js';
