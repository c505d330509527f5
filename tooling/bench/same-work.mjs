const tolerance = 1e-3;

/** Throws when two sides did not build the same net: other numbers of parameters or multiply-adds, other logits, another loss. */
export function assertSameWork(name, ours, peer) {
  for (const field of ['params', 'macs']) {
    if (ours[field] !== peer[field])
      throw new Error(`${name}: ${field} differ, ours ${ours[field]}, peer ${peer[field]}`);
  }
  const scale = Math.max(...peer.logits.map(Math.abs));
  const differs = peer.logits.some((logit, i) => !(Math.abs(logit - ours.logits[i]) <= tolerance * scale));
  if (differs) throw new Error(`${name}: logits differ, ours ${ours.logits}, peer ${peer.logits}`);
  if (!(Math.abs(ours.loss - peer.loss) <= tolerance * Math.abs(peer.loss))) {
    throw new Error(`${name}: losses differ, ours ${ours.loss}, peer ${peer.loss}`);
  }
}
