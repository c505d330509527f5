/**
 * Batches that are handed out one at a time: `step()` lets whoever iterates have the next one and resolves when it asks for the one after, so that a training
 * run that does not know of it makes single steps.
 */
export function gatedBatches(make) {
  let arrive;
  let grant;
  let arrived = new Promise((resolve) => (arrive = resolve));
  return {
    async *batches() {
      for (;;) {
        const granted = new Promise((resolve) => (grant = resolve));
        arrive();
        await granted;
        yield make();
      }
    },
    async step() {
      await arrived;
      arrived = new Promise((resolve) => (arrive = resolve));
      grant();
      await arrived;
    },
  };
}
