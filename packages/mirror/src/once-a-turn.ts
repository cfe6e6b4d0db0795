/**
 * Work that is done once after a turn, however often it was asked for in it: what one answer of a broker sets off for
 * each of many partitions costs no more for each of them than for one.
 */
export function onceATurn(work: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      work();
    });
  };
}
