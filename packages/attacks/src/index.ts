export { fgsm } from './fgsm.js';
export { pgd } from './pgd.js';
export { plugin as default } from './plugin.js';
