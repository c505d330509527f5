// The page of the zoo's models, from their cards.

const norms = { linf: 'L∞', l2: 'L2', l1: 'L1', l0: 'L0' };
const percent = (rate) => (100 * rate).toFixed(1);
const share = ({ rate, interval: [low, high] }) => `${percent(rate)} (${percent(low)}–${percent(high)})`;

/**
 * Markdown of the leaderboard: a table for each data set and threat, the most robust model first.
 *
 * @param {readonly object[]} cards Of `@advrob/zoo`.
 */
export function leaderboard(cards) {
  const groups = grouped(cards);
  const parts = [...groups].map(([title, own]) => {
    const rows = [...own]
      .sort((a, b) => b.result.robust.rate - a.result.robust.rate)
      .map(
        ({ name, weights, result }) =>
          `| \`zoo:${name}\` | ${share(result.clean)} | ${result.attacks.map(({ label, robust }) => `${label} ${percent(robust.rate)}`).join(', ')} | ${share(result.robust)} | ${Math.round(weights.bytes / 1000)} | \`${weights.sha256.slice(0, 12)}\` |`,
      );
    const [{ result }] = own;
    return `## ${title}

| model | clean, % | under each attack, % | worst case, % | file, kB | SHA-256 |
| ----- | -------: | -------------------- | ------------: | -------: | ------- |
${rows.join('\n')}

On ${result.data.examples} examples of the ${result.data.split ?? ''} split (hash \`${result.data.hash.slice(0, 12)}\`), with 95% intervals, by

\`\`\`sh
${result.command}
\`\`\`
`;
  });
  return `# Leaderboard\n\nThe models of [@advrob/zoo](./packages/zoo.md), generated from their cards. Models whose intervals overlap are not told apart here.\n\n${parts.join('\n')}`;
}

function titleOf({ result: { data, threat } }) {
  return `${data.name}, ${norms[threat.norm]} ${threat.epsilon}`;
}

function grouped(cards) {
  const groups = new Map();
  for (const card of cards) groups.set(titleOf(card), [...(groups.get(titleOf(card)) ?? []), card]);
  return groups;
}
