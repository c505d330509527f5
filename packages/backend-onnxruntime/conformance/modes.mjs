/** Every way the suite runs: the backend under test and the options it is registered with. `cpu` is the yardstick. What compiles the same graphs stands together. */
export const modes = {
  cpu: { backendName: 'cpu', options: {} },
  normal: { backendName: 'onnxruntime', options: {} },
  hoist: { backendName: 'onnxruntime', options: { hoistAfter: 0 } },
  plain: { backendName: 'onnxruntime', options: { lowering: 'plain' } },
  flush: { backendName: 'onnxruntime', options: { flushEveryKernel: true } },
  webgpu: { backendName: 'onnxruntime', options: { executionProvider: 'webgpu' } },
};

/** Those that need nothing but this package. */
export const subjectModes = Object.keys(modes).filter((mode) => mode !== 'cpu' && mode !== 'webgpu');
