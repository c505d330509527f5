import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const backendFolder = fileURLToPath(new URL('../../../packages/backend-onnxruntime/', import.meta.url));

/** Loads a tfjs backend by name and makes it the current one; `onnxruntime+deterministic` sets that option. */
export async function useBackend(tf, name) {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  const [tfjsName, variant] = name.split('+');
  if (tfjsName === 'onnxruntime') {
    const entry = `${backendFolder}dist/register.js`;
    if (!existsSync(entry)) throw new Error(`${entry} is missing: run \`pnpm build\` first.`);
    await import(entry);
    const { registerOnnxRuntime } = await import(`${backendFolder}dist/index.js`);
    if (variant === 'deterministic') registerOnnxRuntime({ deterministic: true });
  }
  if (!(await tf.setBackend(tfjsName))) throw new Error(`tfjs could not start its backend '${name}'.`);
}
