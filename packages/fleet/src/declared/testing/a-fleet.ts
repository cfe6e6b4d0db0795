/** A small sound fleet that has something of every kind, for tests to change. */
import { type FleetLists, fullLists, type SomeLists } from '../fleet-lists.ts';

export function aFleet(other: SomeLists = {}): FleetLists {
  return fullLists({
    environment: [{ name: 'production' }, { name: 'qa' }],
    site: [{ name: 'east' }, { name: 'west' }],
    zone: [{ name: 'inner' }],
    season: [{ name: 'holidays', from: '2026-11-20', until: '2026-12-31', factor: 3 }],
    team: [{ name: 'checkout', owners: ['ann'], members: ['bob'], budget: { partitions: 500 } }],
    cluster: [
      { name: 'east', site: 'east', zone: 'inner', environment: 'production', bootstrap: 'east-1:9092,east-2:9092' },
      { name: 'west', site: 'west', environment: 'qa', bootstrap: 'west-1:9092', twinOf: 'east' },
    ],
    connect: [{ name: 'sinks', cluster: 'east', url: 'http://connect:8083', user: 'x', password: 'env:CONNECT' }],
    topic: [
      { name: 'orders', cluster: 'east', owner: 'checkout', partitions: 12, configs: { 'retention.ms': '86400000' } },
      { name: 'orders', cluster: 'west', partitions: 1 },
    ],
    application: [{ name: 'shop', team: 'checkout', uses: [{ cluster: 'east', topic: 'orders', role: 'producer' }] }],
    acl: [
      {
        cluster: 'east',
        principal: 'User:ops',
        operation: 'all',
        resourceType: 'cluster',
        resourceName: 'kafka-cluster',
      },
    ],
    quota: [{ cluster: 'east', user: 'guest', limits: { producer_byte_rate: 1_000_000 } }],
    mirror: [{ name: 'east-west', source: 'east', target: 'west', topics: ['orders*'] }],
    connector: [{ name: 'to-lake', connect: 'sinks', config: { 'connector.class': 'x.Sink', 'tasks.max': '2' } }],
    policy: [{ name: 'small', when: 'request.partitions <= 12', decision: 'approve' }],
    client_setting: [{ name: 'far', match: { teams: ['checkout'], topics: ['or*'] }, set: { 'linger.ms': '50' } }],
    ...other,
  });
}
