/**
 * Which worker copies which shards of a mirror: by weight, and so that few shards move.
 *
 * Invariants: every shard goes to exactly one worker. The same workers in another order get the same. A shard moves
 * only when its worker is gone, or when the spread of the weights is unfair and the move evens it out by a worthwhile
 * part.
 */

export interface SharingWorker {
  /** Unlike all others'. */
  readonly member: string;
  /** The group's generation in which it got what it holds; of two that hold the same, the later one is right. */
  readonly generation: number;
  /** Numbers of shards. */
  readonly held: readonly number[];
}

/** A spread is fair when the heaviest and the lightest worker are no further apart than this part of the mean. */
export const fairPart = 0.2;
/** A move is worth its while when the heavier of its two workers is lighter after it by this part of the mean. */
export const worthwhilePart = 0.05;

interface Share {
  readonly member: string;
  weight: number;
  readonly shards: Set<number>;
}

/** The shards of each worker, ascending, by its member. `weights`: of each shard, by its number; none below 0. */
export function assignShards(
  workers: readonly SharingWorker[],
  weights: readonly number[],
): Map<string, readonly number[]> {
  if (workers.length === 0) return new Map();
  const ordered = [...workers].sort((a, b) => (a.member < b.member ? -1 : 1));
  const holders = holdersOf(ordered, weights.length);
  const shares = new Map(ordered.map(({ member }) => [member, { member, weight: 0, shards: new Set<number>() }]));
  const orphans: number[] = [];
  for (const [shard, holder] of holders.entries()) {
    const share = holder === undefined ? undefined : shares.get(holder);
    if (share === undefined) orphans.push(shard);
    else give(share, shard, weights);
  }
  const all = [...shares.values()];
  orphans.sort((a, b) => weightOf(weights, b) - weightOf(weights, a) || a - b);
  for (const shard of orphans) give(lightest(all), shard, weights);
  evenOut(all, weights);
  return new Map(all.map(({ member, shards }) => [member, [...shards].sort((a, b) => a - b)]));
}

/** Who holds each shard, by its number. */
function holdersOf(workers: readonly SharingWorker[], shardCount: number): (string | undefined)[] {
  const holders: (SharingWorker | undefined)[] = new Array(shardCount).fill(undefined);
  for (const worker of workers) {
    for (const shard of worker.held) {
      if (shard < shardCount && worker.generation > (holders[shard]?.generation ?? -Infinity)) holders[shard] = worker;
    }
  }
  return holders.map((holder) => holder?.member);
}

function evenOut(shares: readonly Share[], weights: readonly number[]): void {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / shares.length;
  for (;;) {
    const taker = lightest(shares);
    const move = worthwhileMove(shares, taker, mean, weights);
    if (move === undefined) return;
    move.giver.shards.delete(move.shard);
    move.giver.weight -= weightOf(weights, move.shard);
    give(taker, move.shard, weights);
  }
}

/** The best move to the lightest worker from the heaviest that has one; each makes the spread strictly more even. */
function worthwhileMove(
  shares: readonly Share[],
  taker: Share,
  mean: number,
  weights: readonly number[],
): { readonly giver: Share; readonly shard: number } | undefined {
  const givers = shares
    .filter(({ weight }) => weight - taker.weight > fairPart * mean)
    .sort((a, b) => b.weight - a.weight);
  for (const giver of givers) {
    const gap = giver.weight - taker.weight;
    let best: { giver: Share; shard: number } | undefined;
    let bestGain = worthwhilePart * mean;
    for (const shard of [...giver.shards].sort((a, b) => a - b)) {
      const weight = weightOf(weights, shard);
      const gain = Math.min(weight, gap - weight);
      if (gain <= bestGain) continue;
      best = { giver, shard };
      bestGain = gain;
    }
    if (best !== undefined) return best;
  }
  return undefined;
}

/** By weight, then by number of shards, then in the workers' order. */
function lightest(shares: readonly Share[]): Share {
  return shares.reduce((least, each) => {
    const difference = each.weight - least.weight || each.shards.size - least.shards.size;
    return difference < 0 ? each : least;
  });
}

function give(share: Share, shard: number, weights: readonly number[]): void {
  share.shards.add(shard);
  share.weight += weightOf(weights, shard);
}

function weightOf(weights: readonly number[], shard: number): number {
  return weights[shard] ?? 0;
}
