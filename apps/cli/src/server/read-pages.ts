/** Lists that the control plane answers in pages, read as far as a command wants them. */

export interface PageChoice {
  /** `next` of the page before. */
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** The most that a server puts on a page. */
const pageMax = 1_000;

/** @param max how many at most; default all */
export async function readPages<Row>(
  ask: (page: PageChoice) => Promise<{ readonly items: readonly Row[]; readonly next: string | null }>,
  max: number = Number.POSITIVE_INFINITY,
): Promise<{ readonly items: Row[]; readonly more: boolean }> {
  const items: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ cursor, limit: Math.min(pageMax, max - items.length) });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < max);
  return { items, more: cursor !== undefined };
}
