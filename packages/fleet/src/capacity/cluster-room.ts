/**
 * What the fullest broker of a cluster has room for, and what is taken of it already: by what is there, and by what is
 * declared and still to come.
 */
import type { Cluster } from '@millrace/api/declared';
import type { Quantity } from '@millrace/api/fleet';
import type { ObservedCluster } from '../inventory/inventory.ts';
import type { Resource } from './broker-share.ts';
import { Calculation, quantity } from './calculation.ts';
import { type ExistingTopic, existingLoad } from './existing-topic.ts';
import type { Surge } from './topic-load.ts';

/** Of one broker. */
export interface Room {
  /** Undefined where it is neither declared nor measured. */
  readonly total: Quantity | undefined;
  readonly usable: Quantity | undefined;
  readonly used: Quantity;
}

export interface ClusterRoom {
  readonly cluster: string;
  readonly brokers: Quantity;
  readonly rooms: Readonly<Record<Resource, Room>>;
  readonly calculation: Calculation;
}

const headRoomDefault = 0.3;
/** 1 Gbit/s, which the least of today's servers have. */
const networkDefault = 125_000_000;
/** What Kafka's makers advise: up to 4,000 on a broker. */
const partitionsDefault = 4_000;
const whole = quantity('all', 1, 'times', 'assumed');

export function clusterRoom(
  cluster: Cluster,
  observed: ObservedCluster | undefined,
  topics: readonly ExistingTopic[],
  surge: Surge | undefined,
): ClusterRoom {
  const calculation = new Calculation();
  const brokers = quantity('brokers', Math.max(1, observed?.brokers.length ?? 0), 'brokers', brokersOrigin(observed));
  const taken = takenBy(topics, surge);
  const { capacity = {} } = cluster;
  const headRoom = orAssumed('kept free', capacity.headRoom, headRoomDefault, 'times');
  const usablePart = calculation.difference('usable part', whole, headRoom);
  const room = (total: Quantity | undefined, used: Quantity): Room => ({
    total,
    usable: total && calculation.product(`usable: ${total.name}`, total.unit, total, usablePart),
    used,
  });
  const network = orAssumed('network of a broker', capacity.networkBytesPerSecond, networkDefault, 'bytes/s');
  const spread = (resource: Resource): Quantity => {
    const [first, ...rest] = taken[resource];
    const total = calculation.sum(`${names[resource]} of all brokers`, first, ...rest);
    return calculation.quotient(`${names[resource]} of one broker`, total.unit, total, brokers);
  };
  return {
    cluster: cluster.name,
    brokers,
    calculation,
    rooms: {
      disk: room(diskOf(cluster, observed), usedDisk(cluster, observed, spread('disk'), calculation)),
      in: room(network, spread('in')),
      out: room(network, spread('out')),
      partitions: room(
        orAssumed('replicas that a broker may hold', capacity.partitionsMax, partitionsDefault, 'replicas'),
        usedReplicas(observed, spread('partitions'), calculation),
      ),
    },
  };
}

const names = { disk: 'stored', in: 'received', out: 'sent', partitions: 'replicas' } as const;
const units = { disk: 'bytes', in: 'bytes/s', out: 'bytes/s', partitions: 'replicas' } as const;

/** By what is known of each topic: so that people see how much of it was measured. */
function takenBy(topics: readonly ExistingTopic[], surge: Surge | undefined) {
  const sums = { measured: emptySums(), declared: emptySums(), unknown: emptySums() };
  for (const topic of topics) {
    const load = existingLoad(topic, surge);
    const sum = sums[load.known];
    sum.count++;
    sum.disk += load.stored.value;
    sum.in += load.received.value;
    sum.out += load.sent.value;
    sum.partitions += load.partitionReplicas.value;
  }
  const of = (resource: Resource): readonly [Quantity, ...Quantity[]] => {
    const { measured, declared, unknown } = sums;
    const unit = units[resource];
    const rest = [
      quantity(`${declared.count} topics as their owners expect`, declared[resource], unit, 'declared'),
      quantity(`${unknown.count} topics of which nothing is known`, unknown[resource], unit, 'assumed'),
    ].filter(({ value }) => value > 0);
    return [quantity(`${measured.count} topics as they were measured`, measured[resource], unit, 'measured'), ...rest];
  };
  return { disk: of('disk'), in: of('in'), out: of('out'), partitions: of('partitions') };
}

function emptySums(): Record<Resource | 'count', number> {
  return { count: 0, disk: 0, in: 0, out: 0, partitions: 0 };
}

function brokersOrigin(observed: ObservedCluster | undefined): 'measured' | 'assumed' {
  return (observed?.brokers.length ?? 0) > 0 ? 'measured' : 'assumed';
}

function orAssumed(name: string, value: number | undefined, otherwise: number, unit: Quantity['unit']): Quantity {
  return value === undefined ? quantity(name, otherwise, unit, 'assumed') : quantity(name, value, unit, 'declared');
}

function diskOf({ capacity }: Cluster, observed: ObservedCluster | undefined): Quantity | undefined {
  if (capacity?.diskBytes !== undefined) return quantity('disk of a broker', capacity.diskBytes, 'bytes', 'declared');
  const measured = known(observed?.brokers.map(({ diskTotalBytes }) => diskTotalBytes));
  return measured.length === 0
    ? undefined
    : quantity('disk of the smallest broker', Math.min(...measured), 'bytes', 'measured');
}

/** The fullest broker is as much fuller than the mean as it is now; and what else is on measured disks counts. */
function usedDisk(
  { capacity }: Cluster,
  observed: ObservedCluster | undefined,
  spread: Quantity,
  calculation: Calculation,
): Quantity {
  const logs = known(observed?.brokers.map(({ logBytes }) => logBytes));
  const fullest = Math.max(0, ...logs);
  const mean = logs.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, logs.length);
  const bounds: Quantity[] = [];
  if (mean > 0) {
    const uneven = quantity('fullest broker to the mean', fullest / mean, 'times', 'measured');
    bounds.push(calculation.product('stored of the fullest broker', 'bytes', spread, uneven));
    bounds.push(quantity('logs of the fullest broker now', fullest, 'bytes', 'measured'));
  }
  if (capacity?.diskBytes === undefined) {
    const occupied = known(
      observed?.brokers.map(({ diskTotalBytes, diskUsableBytes }) =>
        diskTotalBytes === undefined || diskUsableBytes === undefined ? undefined : diskTotalBytes - diskUsableBytes,
      ),
    );
    if (occupied.length > 0) bounds.push(quantity('disk occupied now', Math.max(...occupied), 'bytes', 'measured'));
  }
  return bounds.length === 0 ? spread : calculation.most('disk used', spread, ...bounds);
}

function usedReplicas(observed: ObservedCluster | undefined, spread: Quantity, calculation: Calculation): Quantity {
  const held = new Map<number, number>();
  for (const { partitions } of observed?.topics.values() ?? []) {
    for (const { replicas } of partitions) for (const id of replicas) held.set(id, (held.get(id) ?? 0) + 1);
  }
  if (held.size === 0) return spread;
  const most = quantity('replicas on the fullest broker', Math.max(...held.values()), 'replicas', 'measured');
  return calculation.most('replicas held', spread, most);
}

function known(values: readonly (number | undefined)[] | undefined): number[] {
  return (values ?? []).filter((value) => value !== undefined);
}
