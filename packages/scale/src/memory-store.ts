import { checkedName, type ArtefactStore } from './store.js';

/** A store of one process, for tests. */
export function memoryStore(): ArtefactStore {
  const contents = new Map<string, Uint8Array>();
  return {
    name: 'memory',
    get: async (name) => contents.get(checkedName(name))?.slice(),
    async create(name, bytes) {
      if (contents.has(checkedName(name))) return false;
      contents.set(name, bytes.slice());
      return true;
    },
    async *list(folder, after = '') {
      const inside = `${checkedName(folder)}/`;
      for (const name of [...contents.keys()].sort()) if (name.startsWith(inside) && name > after) yield name;
    },
    async remove(name) {
      contents.delete(checkedName(name));
    },
  };
}
