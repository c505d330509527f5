import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';

/** The interpreter whose PyTorch is the peer, unless a run names another. */
export const defaultPython = process.env.ADVROB_BENCH_PYTHON ?? '/usr/bin/python3';
const folder = fileURLToPath(new URL('peers/', import.meta.url));

/** A peer that is not installed: the run ends with exit code 2 and this message. */
export class MissingPeerError extends Error {}

/** Throws MissingPeerError when this interpreter lacks one of `modules`. */
export function requirePyTorch({ python = defaultPython, modules = ['torch'] } = {}) {
  if (existsSync(python) && spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0) return;
  throw new MissingPeerError(
    `PyTorch is missing: \`${python} -c "import ${modules.join(', ')}"\` fails. On Debian: apt install python3-torch libopenblas0-pthread; ` +
      `the newest, in a virtual environment: pip install ${modules.join(' ')}. --python or ADVROB_BENCH_PYTHON name another interpreter.`,
  );
}

/**
 * Starts one of the PyTorch scripts in peers/. OpenBLAS gets one thread, since otherwise its pool spins beside PyTorch's own on the same cores.
 * `blasFolder` is searched first for libblas.so.3, for machines whose system BLAS is the slow reference one.
 */
export function startPyTorch(script, { python = defaultPython, blasFolder, env = {} } = {}) {
  const path = [blasFolder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return startChild(python, [script], {
    cwd: folder,
    env: { ...env, OPENBLAS_NUM_THREADS: '1', LD_LIBRARY_PATH: path },
  });
}
