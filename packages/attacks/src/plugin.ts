import { definePlugin } from '@advrob/core';
import { apgdCe } from './apgd-ce.js';
import { apgdDlr } from './apgd-dlr.js';
import { apgdT } from './apgd-t.js';
import { autoattack } from './autoattack.js';
import { fab } from './fab.js';
import { fabT } from './fab-t.js';
import { fgsm } from './fgsm.js';
import { pgd } from './pgd.js';
import { square } from './square.js';

/** Every attack of this package under its registry name. */
export const plugin = definePlugin({
  name: '@advrob/attacks',
  contract: 1,
  attacks: {
    fgsm,
    pgd,
    'apgd-ce': apgdCe,
    'apgd-dlr': apgdDlr,
    'apgd-t': apgdT,
    fab,
    'fab-t': fabT,
    square,
    autoattack,
  },
});
