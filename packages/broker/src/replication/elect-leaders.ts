/** Elections as clients ask for them (KIP-460). */
import { errorCodes } from '@millrace/wire';
import type { Partition } from '../topics/partition.ts';
import { noLeader, type ReplicaSet } from './partition-state.ts';
import type { Replication } from './replication.ts';

/**
 * Elects leaders where that is needed and possible; answers the error code for each partition. Rejects with `DiskError`
 * or the journal's errors; nothing is changed then.
 */
export async function electLeaders(
  replication: Replication,
  partitions: Iterable<Partition>,
  election: 'preferred' | 'unclean',
): Promise<Map<Partition, number>> {
  const codes = new Map<Partition, number>();
  await replication.change(() => {
    codes.clear();
    const sets = new Map<Partition, ReplicaSet>();
    for (const partition of partitions) {
      const { leader, replicas } = partition;
      const isNeeded = election === 'preferred' ? leader !== replicas[0] : leader === noLeader;
      if (!isNeeded) {
        codes.set(partition, errorCodes.ELECTION_NOT_NEEDED);
        continue;
      }
      const set = replication.replicasAfter(partition.replicaSet, {}, election);
      if (set.leader === leader) {
        const isPreferred = election === 'preferred';
        const { PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE } = errorCodes;
        codes.set(partition, isPreferred ? PREFERRED_LEADER_NOT_AVAILABLE : ELIGIBLE_LEADERS_NOT_AVAILABLE);
      } else {
        codes.set(partition, errorCodes.NONE);
        sets.set(partition, set);
      }
    }
    return { partitions: sets };
  });
  return codes;
}
