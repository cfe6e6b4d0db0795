/**
 * What the entries of each section look like, by the section's name. A checksum says that an entry is as it was
 * written, not who wrote it: what does not look like an entry of its section is told at the start, before any part of
 * the broker takes it for one.
 */
import { transactionStates } from '../transactions/transaction.ts';
import type { Shape } from './shape.ts';
import {
  either,
  flag,
  listOf,
  mapOf,
  natural,
  number,
  oneOf,
  optional,
  orNull,
  record,
  row,
  text,
  textLike,
} from './shape.ts';

/** 22 characters of base64url, as the protocol writes ids. */
const id = textLike(/^[A-Za-z0-9_-]{22}$/);
const indexes = listOf(natural);
const assignmentRows = listOf(row(text, indexes));
const configuration = mapOf(text);

/** By topic: partition, offset, leader epoch, metadata, time of commit and of expiry. */
const offsets = listOf(row(text, listOf(row(natural, orNull(number), number, text, number, optional(orNull(number))))));

const classicMember = record({
  id: text,
  instanceId: orNull(text),
  clientId: text,
  clientHost: text,
  rebalanceTimeoutMs: number,
  sessionTimeoutMs: number,
  metadata: text,
  assignment: text,
});

const consumerMember = record({
  id: text,
  instanceId: orNull(text),
  rackId: orNull(text),
  clientId: text,
  clientHost: text,
  rebalanceTimeoutMs: number,
  serverAssignor: orNull(text),
  topicNames: listOf(text),
  topicPattern: text,
  classic: orNull(record({ sessionTimeoutMs: number, protocols: listOf(record({ name: text, metadata: text })) })),
  epoch: number,
  previousEpoch: number,
  state: text,
  assigned: assignmentRows,
  revoking: assignmentRows,
});

const groupChange = record({
  epoch: optional(number),
  targetEpoch: optional(number),
  topicsSeen: optional(text),
  patterns: optional(listOf(row(text, listOf(text)))),
  removed: optional(listOf(text)),
  members: optional(listOf(consumerMember)),
  targets: optional(listOf(row(text, assignmentRows))),
});

const generation = record({
  generation: number,
  protocolType: orNull(text),
  protocolName: orNull(text),
  leaderId: orNull(text),
  since: number,
  members: listOf(classicMember),
});

const kind = (name: string): Shape => oneOf(name);

const groupEntry = either(
  record({ kind: kind('generation'), group: text, value: generation }),
  record({ kind: kind('consumer-group'), group: text, change: groupChange, anew: optional(flag) }),
  record({ kind: kind('commit'), group: text, topics: offsets }),
  record({ kind: kind('pending'), group: text, producerId: number, isSuperseded: flag, topics: offsets }),
  record({ kind: kind('settle'), group: text, producerId: number, commit: flag }),
  record({ kind: kind('forget-offsets'), group: text, topics: listOf(row(text, indexes)) }),
  record({ kind: kind('forget-topic'), topic: text }),
  record({ kind: kind('delete'), group: text }),
);

const transactionFacts = record({
  state: oneOf(...transactionStates),
  producerId: number,
  epoch: number,
  lastEpoch: number,
  previousProducerId: number,
  nextProducerId: number,
  timeoutMs: number,
  startedAt: number,
  updatedAt: number,
  bumpsEpoch: flag,
});

const transactionEntry = either(
  record({ kind: kind('change'), id: text, facts: transactionFacts }),
  record({
    kind: kind('add'),
    id: text,
    at: number,
    bumpsEpoch: flag,
    topics: listOf(row(text, indexes)),
    groups: listOf(text),
  }),
  record({ kind: kind('forget'), ids: listOf(text) }),
);

const nodeIds = listOf(number);
const topicEntry = either(
  record({ kind: kind('create'), id, name: text, assignment: listOf(nodeIds), configuration }),
  record({ kind: kind('delete'), id }),
  record({ kind: kind('configure'), id, configuration }),
  record({ kind: kind('grow'), id, first: natural, assignment: listOf(nodeIds) }),
  record({ kind: kind('advance'), id, starts: listOf(row(natural, natural)) }),
);

const partition = record({
  index: natural,
  replicas: nodeIds,
  leader: number,
  epoch: number,
  inSync: nodeIds,
  adding: optional(nodeIds),
  removing: optional(nodeIds),
  positions: optional(listOf(row(number, number))),
});

const replicationEntry = record({
  down: optional(listOf(row(number, text))),
  controller: optional(row(number, number)),
  topics: optional(listOf(row(text, listOf(partition)))),
});

const acl = record({
  resourceType: number,
  resourceName: text,
  patternType: number,
  principal: text,
  host: text,
  operation: number,
  permissionType: number,
});

const name = optional(orNull(text));
const scramKeys = record({ salt: text, iterations: number, storedKey: text, serverKey: text });

export const sectionShapes: Readonly<Record<string, Shape>> = {
  acls: record({ add: optional(acl), remove: optional(acl) }),
  'client-metrics': record({ name: text, values: configuration }),
  'client-quotas': record({
    entity: record({ user: name, 'client-id': name, ip: name }),
    key: text,
    value: orNull(number),
  }),
  configuration: record({ name: text, value: orNull(text) }),
  features: record({ epoch: number, levels: mapOf(number) }),
  'group-configuration': record({ group: text, values: configuration }),
  groups: groupEntry,
  'producer-ids': record({ next: natural }),
  replication: replicationEntry,
  'scram-credentials': either(
    record({ secret: text }),
    record({ user: text, mechanism: oneOf('SCRAM-SHA-256', 'SCRAM-SHA-512'), credential: orNull(scramKeys) }),
  ),
  topics: topicEntry,
  transactions: transactionEntry,
};
