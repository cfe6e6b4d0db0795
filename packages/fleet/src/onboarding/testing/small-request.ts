/** What policies see of a request that none of those that come with Millrace objects to. */
import type { PolicyView } from '@millrace/api/fleet';

const nothing = { topics: 0, partitions: 0, storedBytes: 0, monthlyCost: 0 };

export function smallRequest(request: Partial<PolicyView['request']> = {}, rest: Partial<PolicyView> = {}): PolicyView {
  return {
    request: {
      kind: 'topic',
      environment: 'production',
      topic: 'shop.orders',
      owner: 'shop',
      team: 'shop',
      requester: 'user:ann',
      description: '',
      dataClass: 'internal',
      partitions: 6,
      partitionsBefore: 0,
      replicas: 3,
      retentionDays: 7,
      retentionBytes: -1,
      compacted: false,
      recordsPerSecond: 10,
      recordBytes: 1_000,
      bytesPerSecond: 10_000,
      consumers: 1,
      sites: ['east'],
      clusters: ['east'],
      mirrors: 0,
      hasSchema: false,
      losesRecords: false,
      ownNames: true,
      newApplications: [],
      applications: [{ name: 'orders', team: 'shop', role: 'producer' }],
      configs: {},
      ...request,
    },
    team: { name: 'shop', used: nothing, after: { ...nothing, topics: 1, partitions: 6 }, overBudget: [] },
    capacity: { fits: 'yes', brokers: 3, use: 0.2, scarcest: 'disk', season: 1 },
    cost: { monthly: 10, before: 0, change: 10 },
    ...rest,
  };
}
