export * from './safetensors/record.js';
export * from './safetensors/encode.js';
export * from './safetensors/decode.js';
export * from './safetensors/model-metadata.js';
