/** Classes from the largest logit to the smallest; of equal ones the lower class first. */
export function classOrder(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (_, k) => k).sort((a, b) => logits[b]! - logits[a]! || a - b);
}

/** The predicted class and the runner-up; of equal logits the lower class comes first. */
export function topTwo(logits: ArrayLike<number>): readonly [first: number, second: number] {
  let [first, second] = logits[1]! > logits[0]! ? [1, 0] : [0, 1];
  for (let k = 2; k < logits.length; k++)
    if (logits[k]! > logits[first]!) [first, second] = [k, first];
    else if (logits[k]! > logits[second]!) second = k;
  return [first, second];
}
