export { kinds, type Kind } from './kinds.js';
export { pluginFiles, type PluginChoice } from './plugin-files.js';
export { writePlugin } from './plugin-files.js';
