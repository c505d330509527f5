import { expect, it } from 'vitest';
import { missingPieces } from '../../training/test/support/pieces.js';
import * as exported from './index.js';

it('every part of the plugin has its row above', () => {
  const missing = missingPieces(new URL('..', import.meta.url), exported.default, exported);
  if (missing.length > 0) expect.fail(missing.join('\n'));
});
