import { packageTests } from '../../vitest.config.js';

export default packageTests(import.meta.dirname);
