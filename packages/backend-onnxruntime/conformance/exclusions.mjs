/**
 * Specs that are not run, each with its reason: `spec` is a part of the full name, `modes` the modes it concerns (all when left out).
 * An excluded spec counts as failed.
 */
export const exclusions = [];
