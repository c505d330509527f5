export { bucket } from './attack/bucket.js';
export { defineAttack } from './attack/define-attack.js';
export { exactDistances } from './attack/exact-distance.js';
export { checkLoss } from './attack/check-loss.js';
