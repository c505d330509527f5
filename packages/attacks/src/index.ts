// Right gradients and kernels on every backend, also for who forgets to ask for them.
import '@advrob/core/gradients';
export * from './attacks.js';
export { memberLog, type MemberLog } from './autoattack/log.js';
export { bpda, type BpdaOptions } from './bpda.js';
export { langevinOptions, langevinStep, type LangevinNoise, type LangevinPlace } from './langevin.js';
export { plugin as default } from './plugin.js';
