import { definePlugin } from '@advrob/core';
import { apgdCe } from './apgd/apgd-ce.js';
import { apgdDlr } from './apgd/apgd-dlr.js';
import { apgdT } from './apgd/apgd-t.js';
import { autoattack } from './autoattack/autoattack.js';
import { bim } from './bim.js';
import { boundary } from './boundary.js';
import { cw } from './cw.js';
import { ddn } from './ddn.js';
import { deepfool } from './deepfool.js';
import { ead } from './ead.js';
import { fab } from './fab/fab.js';
import { fabT } from './fab/fab-t.js';
import { fgsm } from './fgsm.js';
import { fmn } from './fmn.js';
import { hopskipjump } from './hopskipjump.js';
import { jsma } from './jsma.js';
import { langevin } from './langevin.js';
import { mim } from './mim.js';
import { nes } from './nes.js';
import { pgd } from './pgd.js';
import { sigmaZero } from './sigma-zero.js';
import { simba } from './simba.js';
import { spsa } from './spsa.js';
import { square } from './square/square.js';
import { transfer } from './transfer.js';

/** Every attack of this package under its registry name. */
export const plugin = definePlugin({
  name: '@advrob/attacks',
  contract: 1,
  attacks: {
    fgsm,
    bim,
    pgd,
    mim,
    'apgd-ce': apgdCe,
    'apgd-dlr': apgdDlr,
    'apgd-t': apgdT,
    fab,
    'fab-t': fabT,
    deepfool,
    cw,
    ead,
    ddn,
    fmn,
    'sigma-zero': sigmaZero,
    jsma,
    langevin,
    square,
    spsa,
    nes,
    simba,
    hopskipjump,
    boundary,
    transfer,
    autoattack,
  },
});
