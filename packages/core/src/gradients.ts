/**
 * Registers the gradients of every op: import this once. Those of tfjs where they are right, and our
 * own where tfjs has a wrong one or none; kernels of the cpu, wasm and webgpu backends that ignore a
 * mode, lose small numbers or whole results, are mended too. It does not matter when the backends, or
 * `@tensorflow/tfjs-layers`, are imported.
 *
 * @packageDocumentation
 */
// First, so that tfjs' engine and tensors are those of the peer, not of the part that is bundled
// here for the gradients: these lack `clone`.
import { getGradient, getKernel, registerGradient, registerKernel } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { arrangementGradients } from './gradients/arrangement.js';
import { broadcastGradients } from './gradients/broadcast.js';
import { convolutionConfigs } from './gradients/convolution.js';
import { depthwiseConfigs } from './gradients/depthwise.js';
import { einsumGradients, einsumKernels, einsumOfWasm } from './gradients/einsum.js';
import { elementwiseGradients } from './gradients/elementwise.js';
import { fusedGradients, fusedKernels } from './gradients/fused.js';
import { indexingGradients } from './gradients/indexing.js';
import { missingGradients } from './gradients/missing.js';
import { normalizationGradients } from './gradients/normalization.js';
import { poolingGradients } from './gradients/pooling.js';
import { mendGradients, mendKernels } from './gradients/registries.js';
import { resizeGradients } from './gradients/resize.js';
import { batchNormKernels } from './kernels/batch-norm.js';
import { depthwiseKernels } from './kernels/depthwise.js';
import { erfKernels } from './kernels/erf.js';
import { provideFilterGradient } from './kernels/filter-gradient.js';
import { matmulKernels } from './kernels/matmul.js';
import { maximumKernels } from './kernels/maxima.js';
import { selectKernels } from './kernels/select.js';
import { volumeKernels } from './kernels/volumes.js';
import { kernelsForWasm, wasmKernels } from './kernels/wasm.js';
import { webgpuKernels } from './kernels/webgpu.js';
import { windowKernels } from './kernels/windows.js';

mendGradients([
  ...arrangementGradients,
  ...broadcastGradients,
  ...convolutionConfigs,
  ...depthwiseConfigs,
  ...einsumGradients,
  ...elementwiseGradients,
  ...fusedGradients,
  ...indexingGradients,
  ...normalizationGradients,
  ...poolingGradients,
  ...resizeGradients,
]);
for (const config of missingGradients) if (getGradient(config.kernelName) === undefined) registerGradient(config);

mendKernels([
  ...batchNormKernels,
  ...depthwiseKernels,
  ...einsumKernels,
  ...erfKernels,
  ...matmulKernels,
  ...maximumKernels,
  ...selectKernels,
  ...volumeKernels,
  ...wasmKernels,
  ...webgpuKernels,
  ...windowKernels,
  ...fusedKernels,
]);
provideFilterGradient('wasm');
for (const config of [...kernelsForWasm, einsumOfWasm])
  if (getKernel(config.kernelName, config.backendName) === undefined) registerKernel(config);
