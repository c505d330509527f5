/** The share of the specs passed by the cpu backend that every mode must pass. */
const requiredShare = 0.995;

/**
 * Judges one mode against the cpu backend's results. What cpu passes and the mode does not (failed, left out by an exclusion, or not
 * defined at all) counts as failed.
 *
 * @returns counts, the failing specs with their messages, the exclusions that took effect, and `problems`: why the mode fails, if it does
 */
export function judge(cpu, result) {
  const expected = Object.keys(cpu.specs).filter((name) => cpu.specs[name].state === 'passed');
  const failures = [];
  const excluded = [];
  for (const name of expected) {
    const spec = result.specs[name] ?? { state: 'missing', messages: ['The spec is not defined for this backend.'] };
    if (spec.state === 'passed') continue;
    if (spec.state === 'left out') excluded.push(name);
    else failures.push({ name, message: spec.messages[0] ?? spec.state });
  }
  const failed = failures.length + excluded.length;
  const share = expected.length === 0 ? 0 : 1 - failed / expected.length;
  const fallbacks = fallbackTable(result);
  const mustRunNatively = new Set(result.recorded.filter((kernel) => !mayFallBack.has(kernel)));

  const problems = result.errors.map((message) => `an error outside the specs: ${message}`);
  if (expected.length === 0) problems.push('no spec ran');
  if (share < requiredShare) {
    problems.push(`${percent(share)} of what cpu passes, ${percent(requiredShare)} are required`);
  }
  for (const { kernel, float32, unwatched, named } of fallbacks) {
    if (mustRunNatively.has(kernel) && float32 + unwatched > 0) {
      problems.push(`${kernel} must run natively and reached the cpu backend ${float32 + unwatched} times`);
    }
    if (!named && !plumbing.has(kernel)) problems.push(`the fallback of ${kernel} is not counted in stats().fallbacks`);
  }
  return {
    mode: result.mode,
    passed: expected.length - failed,
    failed,
    share,
    seconds: result.seconds,
    failures,
    excluded,
    fallbacks,
    problems,
  };
}

/** Kernels that only carry complex numbers to and from other cpu kernels. */
const plumbing = new Set(['Complex', 'Real', 'Imag']);

/** What may reach the cpu backend with float32 data though it is recorded: `Range` leaves empty sequences to it. */
const mayFallBack = new Set([...plumbing, 'Range']);

export const percent = (share) => `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`;

/**
 * Fallbacks by kernel, most frequent first: calls seen at the cpu backend, of float32 data and other, and calls that only the backend
 * itself reports (`unwatched`, their type is unknown). `named` tells whether the backend reports the kernel at all.
 */
function fallbackTable({ fallbacks, reported }) {
  const kernels = new Set([...Object.keys(fallbacks), ...Object.keys(reported)]);
  return [...kernels]
    .map((kernel) => {
      const { float32, other } = fallbacks[kernel] ?? { float32: 0, other: 0 };
      const unwatched = kernel in fallbacks ? 0 : reported[kernel];
      return { kernel, float32, other, unwatched, named: (reported[kernel] ?? 0) > 0 };
    })
    .sort((a, b) => b.float32 + b.other + b.unwatched - (a.float32 + a.other + a.unwatched));
}
