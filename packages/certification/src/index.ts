import { definePlugin } from '@advrob/core';
import { bounds } from './bounds/bounds.js';

export default definePlugin({ name: '@advrob/certification', contract: 1, certifiers: { bounds } });

export { bounds } from './bounds/bounds.js';
