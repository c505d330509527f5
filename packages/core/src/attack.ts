export { bucket } from './attack/working.js';
export { defineAttack } from './attack/define-attack.js';
export { exactDistances } from './attack/verify.js';
export { checkLoss, isAttack } from './attack/inputs.js';
