export { kinds, type Kind } from './kinds.js';
export { pluginFiles, writePlugin, type PluginChoice } from './plugin-files.js';
