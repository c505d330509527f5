/** Every way the suite runs: the backend under test and the options it is registered with. `cpu` is the yardstick. */
export const modes = {
  cpu: { backendName: 'cpu', options: {} },
  normal: { backendName: 'onnxruntime', options: {} },
  flush: { backendName: 'onnxruntime', options: { flushEveryKernel: true } },
  hoist: { backendName: 'onnxruntime', options: { hoistAfter: 0 } },
  plain: { backendName: 'onnxruntime', options: { lowering: 'plain' } },
};

export const subjectModes = Object.keys(modes).filter((mode) => mode !== 'cpu');
