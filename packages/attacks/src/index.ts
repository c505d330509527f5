export { apgdCe } from './apgd-ce.js';
export { apgdDlr } from './apgd-dlr.js';
export { apgdT } from './apgd-t.js';
export { fab } from './fab.js';
export { fabT } from './fab-t.js';
export { fgsm } from './fgsm.js';
export { pgd } from './pgd.js';
export { square } from './square.js';
export { plugin as default } from './plugin.js';
