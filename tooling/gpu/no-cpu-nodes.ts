import { loadRuntime } from '../../packages/backend-onnxruntime/src/runtime/binding.js';

/**
 * From now on a graph with a node that the provider leaves to the CPU is refused when it is loaded:
 * such a node waits for the card and copies down and up.
 */
export function refuseCpuNodes(): void {
  const runtime = loadRuntime();
  const create = runtime.createSession;
  runtime.createSession = () => {
    const session = create();
    return {
      loadModel(buffer, offset, length, options) {
        const { extra, ...rest } = options as { extra?: { session?: object } };
        const strict = { ...extra, session: { ...extra?.session, disable_cpu_ep_fallback: '1' } };
        session.loadModel(buffer, offset, length, { ...rest, extra: strict });
      },
      run: (feeds, fetches, options) => session.run(feeds, fetches, options),
      dispose: () => session.dispose(),
    };
  };
}
