// Full names of tests without the files that they stand in: what must stay the same when tests move.

/**
 * Sorted names out of what `vitest list --json` writes; a name that several files use is there as often.
 *
 * @param {readonly { name: string, file: string }[]} tests
 * @param {readonly string[]} parts Of paths: tests of other files are left out. None: all tests.
 */
export function namesIn(tests, parts = []) {
  const isWanted = ({ file }) => parts.length === 0 || parts.some((part) => file.includes(`/${part}`));
  return tests
    .filter(isWanted)
    .map(({ name }) => name)
    .sort();
}

/** Which names are gone and which are new, each as often as it is. */
export function difference(before, now) {
  return { gone: without(before, now), added: without(now, before) };
}

function without(names, others) {
  const left = new Map();
  for (const name of others) left.set(name, (left.get(name) ?? 0) + 1);
  return names.filter((name) => {
    const count = left.get(name) ?? 0;
    if (count > 0) left.set(name, count - 1);
    return count === 0;
  });
}
