import { definePlugin } from '@advrob/core';
import { bounds } from './bounds/bounds.js';

export default definePlugin({ name: '@advrob/certification', contract: 1, certifiers: { bounds } });

export { bounds } from './bounds/bounds.js';
export { readVnnlib, writeVnnlib, type Case, type Property } from './vnnlib/property.js';
export { resultText, verifyProperty, type Verification, type VerifyOptions } from './vnnlib/verify.js';
