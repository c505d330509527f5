import { bundleSuite, discard } from './bundle.mjs';
import { runMode } from './run-mode.mjs';
import { judge } from './verdict.mjs';

/** Runs the suite on cpu and then in every asked mode, one process after another; yields one verdict per mode. */
export async function* conformance(modes, grep) {
  const bundle = await bundleSuite();
  try {
    const cpu = await runMode(bundle, 'cpu', grep);
    for (const mode of modes) yield judge(cpu, await runMode(bundle, mode, grep));
  } finally {
    discard(bundle);
  }
}
