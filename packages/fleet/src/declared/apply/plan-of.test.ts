/**
 * The method: random fleets and random clusters; the steps of a plan are done to a model of the clusters, in an order
 * that `after` allows; what is planned then is nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Acl, Quota, Topic } from '@millrace/api/declared';
import type { AclBinding, QuotaEntry } from '@millrace/client';
import fc from 'fast-check';
import { aclKey, declaredBinding } from '../../identity/wanted-acls.ts';
import { entityOf } from '../../identity/wanted-quotas.ts';
import type { Plan } from '../../operations/plan-kind.ts';
import { declaredFleetOf } from '../declared-lists.ts';
import type { ClusterState, TopicState } from '../difference/cluster-state.ts';
import { entityKey } from '../difference/compare-cluster.ts';
import { differenceOf, type Look } from '../difference/fleet-difference.ts';
import type { Request } from '../difference/intent.ts';
import { type FleetLists, fullLists, idOf } from '../fleet-lists.ts';
import { aclOf, quotaOf, recordAccess } from '../wanted-access.ts';
import type { Deed } from './deeds.ts';
import { planOf } from './plan-of.ts';

class ModelCluster {
  readonly topics = new Map<string, TopicState>();
  readonly acls = new Map<string, AclBinding>();
  readonly quotas = new Map<string, QuotaEntry>();

  state(): ClusterState {
    return {
      brokers: 9,
      topics: this.topics,
      mirrors: [],
      acls: [...this.acls.values()],
      quotas: [...this.quotas.values()],
    };
  }

  run(deed: Exclude<Deed, { deed: 'declare' }>): void {
    switch (deed.deed) {
      case 'create_topics':
        for (const { topic, partitions, replicas = 1, configs } of deed.topics) {
          assert.ok(!this.topics.has(topic));
          this.topics.set(topic, { partitions, replicas, configs });
        }
        return;
      case 'add_partitions':
        for (const { topic, from, to } of deed.topics) {
          assert.equal(this.topic(topic).partitions, from);
          this.topics.set(topic, { ...this.topic(topic), partitions: to });
        }
        return;
      case 'alter_settings':
        for (const { topic, set, unset } of deed.topics) {
          const configs = { ...this.topic(topic).configs, ...set };
          for (const name of unset) delete configs[name];
          this.topics.set(topic, { ...this.topic(topic), configs });
        }
        return;
      case 'create_acls':
        for (const acl of deed.acls) this.acls.set(aclKey(acl), acl);
        return;
      case 'delete_acls':
        for (const acl of deed.acls) assert.ok(this.acls.delete(aclKey(acl)));
        return;
      case 'set_quotas':
        for (const { entity, set } of deed.quotas) {
          this.quotas.delete(entityKey(entity));
          if (Object.keys(set).length > 0) this.quotas.set(entityKey(entity), { entity, quotas: set });
        }
        return;
      default:
        for (const topic of deed.topics) assert.ok(this.topics.delete(topic));
    }
  }

  topic(name: string): TopicState {
    const topic = this.topics.get(name);
    assert.ok(topic !== undefined);
    return topic;
  }
}

class Model {
  lists: FleetLists;
  readonly clusters = new Map(['east', 'west'].map((name) => [name, new ModelCluster()]));

  constructor(lists: FleetLists) {
    this.lists = lists;
  }

  plan(request: Request): { readonly plan: Plan; readonly refused: number } {
    const looks = new Map(
      [...this.clusters].map(([name, cluster]): [string, Look] => [name, { state: cluster.state() }]),
    );
    const difference = differenceOf(declaredFleetOf(this.lists), request, looks, recordAccess);
    return { plan: planOf(difference), refused: difference.refused.length };
  }

  run({ steps }: Plan): void {
    const done = new Set<string>();
    for (const { id, after = [], input } of steps) {
      for (const before of after) assert.ok(done.has(before), `${id} comes before ${before}`);
      assert.ok(!done.has(id), `${id} is there twice`);
      done.add(id);
      const deed = input as unknown as Deed;
      if (deed.deed === 'declare') this.declare(deed.changes);
      else this.clusters.get(deed.cluster)?.run(deed);
    }
  }

  declare(changes: Extract<Deed, { deed: 'declare' }>['changes']): void {
    for (const { kind, id, spec } of changes) {
      const others = this.lists[kind].filter((each) => idOf(kind, each as never) !== id);
      this.lists = { ...this.lists, [kind]: spec === null ? others : [...others, spec] };
    }
  }
}

const cluster = fc.constantFrom('east', 'west');
const name = fc.constantFrom('a', 'b', 'c', 'd');
const configs = fc.dictionary(
  fc.constantFrom('retention.ms', 'segment.ms', 'flush.ms'),
  fc.integer({ min: 1, max: 3 }).map(String),
  { maxKeys: 2 },
);
const topics = fc.uniqueArray(
  fc.record<Topic>({ name, cluster, partitions: fc.integer({ min: 2, max: 4 }), configs }),
  {
    selector: (topic) => idOf('topic', topic),
  },
);
const acls = fc.uniqueArray(
  fc.record<Acl>({
    cluster,
    principal: name.map((each) => `User:${each}`),
    operation: fc.constantFrom('read', 'write'),
    resourceType: fc.constant('topic'),
    resourceName: name,
  }),
  { selector: (acl) => idOf('acl', acl), maxLength: 6 },
);
const quotas = fc.uniqueArray(
  fc.record<Quota>({
    cluster,
    user: fc.constantFrom('a', '<default>'),
    limits: fc.record({ producer_byte_rate: fc.integer({ min: 1, max: 2 }) }),
  }),
  { selector: (quota) => idOf('quota', quota), maxLength: 4 },
);
const things = fc.record({ topics, acls, quotas });
type Things = { readonly topics: Topic[]; readonly acls: Acl[]; readonly quotas: Quota[] };

const clusters = ['east', 'west'].map((each) => ({ name: each, bootstrap: 'x:1' }));
const listsOfThings = ({ topics: topic, acls: acl, quotas: quota }: Things): FleetLists =>
  fullLists({ cluster: clusters, topic, acl, quota });

function modelOf(record: Things, there: Things): Model {
  const model = new Model(listsOfThings(record));
  for (const topic of there.topics) {
    const own = { partitions: topic.partitions, replicas: 1, configs: topic.configs as Record<string, string> };
    model.clusters.get(topic.cluster)?.topics.set(topic.name, own);
  }
  for (const acl of there.acls)
    model.clusters.get(acl.cluster)?.acls.set(aclKey(declaredBinding(acl)), declaredBinding(acl));
  for (const quota of there.quotas) {
    const entry = { entity: entityOf(quota), quotas: quota.limits };
    model.clusters.get(quota.cluster)?.quotas.set(entityKey(entry.entity), entry);
  }
  return model;
}

test('after a plan there is nothing left to plan, but for what is refused', () => {
  fc.assert(
    fc.property(things, things, things, (record, file, there) => {
      const model = modelOf(record, there);
      const request = { file: listsOfThings(file) };
      model.run(model.plan(request).plan);
      assert.deepEqual(model.plan(request).plan.steps, []);
    }),
  );
});

test('nothing is deleted that was not named, and all that was is gone, from the record as well', () => {
  const idsThere = (model: Model): Set<string> =>
    new Set(
      [...model.clusters].flatMap(([on, { topics: own, acls: rules, quotas: bounds }]) => [
        ...[...own.keys()].map((each) => `topic/${on}/${each}`),
        ...[...rules.values()].map((acl) => `acl/${idOf('acl', aclOf(on, acl))}`),
        ...[...bounds.values()].map((quota) => `quota/${idOf('quota', quotaOf(on, quota))}`),
      ]),
    );
  fc.assert(
    fc.property(things, things, fc.array(fc.nat(), { maxLength: 4 }), (record, there, picks) => {
      const model = modelOf(record, there);
      const before = idsThere(model);
      const named = new Set(picks.flatMap((pick) => [...before][pick % Math.max(1, before.size)] ?? []));
      model.run(model.plan({ delete: [...named] }).plan);
      const after = idsThere(model);
      for (const id of before) assert.equal(after.has(id), !named.has(id), id);
      const declared = (['topic', 'acl', 'quota'] as const).flatMap((kind) =>
        model.lists[kind].map((spec) => `${kind}/${idOf(kind, spec as never)}`),
      );
      assert.deepEqual(
        declared.filter((id) => named.has(id)),
        [],
      );
    }),
  );
});

test('many things are done in few steps, and clusters side by side', () => {
  const topic = ['east', 'west'].flatMap((on) =>
    Array.from({ length: 2_500 }, (_, index): Topic => ({ name: `t${index}`, cluster: on, partitions: 1 })),
  );
  const model = new Model(fullLists({ cluster: clusters, topic }));
  const { steps } = model.plan({}).plan;
  assert.deepEqual(
    steps.map(({ id, after }) => [id, after]),
    ['east', 'west'].flatMap((on) => [
      [`create topics on ${on}, 1 of 3`, []],
      [`create topics on ${on}, 2 of 3`, [`create topics on ${on}, 1 of 3`]],
      [`create topics on ${on}, 3 of 3`, [`create topics on ${on}, 2 of 3`]],
    ]),
  );
  model.run({ title: '', steps });
  assert.equal(model.clusters.get('west')?.topics.size, 2_500);
});

test('the record is changed before clusters are, and what goes is forgotten after it went', () => {
  const model = modelOf(
    { topics: [{ name: 'a', cluster: 'east', partitions: 1 }], acls: [], quotas: [] },
    { topics: [{ name: 'a', cluster: 'east', partitions: 1, configs: {} }], acls: [], quotas: [] },
  );
  const file = { topic: [{ name: 'b', cluster: 'east', partitions: 1 }] };
  const { steps } = model.plan({ file, delete: ['topic/east/a'] }).plan;
  assert.deepEqual(
    steps.map(({ id, after, destructive }) => [id, after, destructive]),
    [
      ['declare', [], false],
      ['create topics on east', ['declare'], false],
      ['delete topics on east', ['create topics on east'], true],
      ['take out of the record', ['delete topics on east'], true],
    ],
  );
});
