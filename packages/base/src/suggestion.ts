/** The word the user may have meant, or undefined when none is near. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const tolerated = Math.max(1, Math.floor(given.length / 3));
  const ranked = words
    .map((word) => ({ word, distance: distance(given.toLowerCase(), word) }))
    .filter((candidate) => candidate.distance <= tolerated || isPrefix(given, candidate.word))
    .sort((left, right) => left.distance - right.distance);
  return ranked[0]?.word;
}

function isPrefix(given: string, word: string): boolean {
  return given.length >= 3 && word.startsWith(given);
}

/** Edits between two words, a swap of neighbours being one (optimal string alignment). */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] as number) + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] as number;
}
