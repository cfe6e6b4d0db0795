/** Quotas of clients, as administrators set and see them. */
import { alterClientQuotas, describeClientQuotas, type RequestDraft } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

/** Names by type, null for the default of a type. */
type Entity = Readonly<Record<string, string | null>>;

function entityOf(entity: Entity) {
  return Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }));
}

/** Sets quotas, or with null removes them; answers the error. */
async function set(
  connection: RawConnection,
  entity: Entity,
  values: Readonly<Record<string, number | null>>,
  validateOnly = false,
): Promise<string> {
  const ops = Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }));
  const draft = { entries: [{ entity: entityOf(entity), ops }], validateOnly };
  return errorName((await connection.request(alterClientQuotas, 1, draft)).entries[0]?.errorCode);
}

type Component = RequestDraft<typeof describeClientQuotas>['components'][number];
const exactly = (entityType: string, match: string): Component => ({ entityType, matchType: 0, match });
const byDefault = (entityType: string): Component => ({ entityType, matchType: 1, match: null });
const any = (entityType: string): Component => ({ entityType, matchType: 2, match: null });

async function quotasOf(connection: RawConnection, components: Component[], strict: boolean) {
  const { errorCode, entries } = await connection.request(describeClientQuotas, 1, { components, strict });
  return errorCode === 0 ? (entries ?? []) : errorName(errorCode);
}

/** Entries as texts, of those alone whose names are the scope's. */
async function told(
  connection: RawConnection,
  scope: Scope,
  components: Component[],
  strict: boolean,
): Promise<string[] | string> {
  const entries = await quotasOf(connection, components, strict);
  if (typeof entries === 'string') return entries;
  const names = { [scope.name('user')]: 'USER', [scope.name('client')]: 'CLIENT' };
  const own = entries.filter(({ entity }) => entity.some(({ entityName }) => (entityName ?? '') in names));
  return own
    .map(({ entity, values }) => {
      const parts = entity.map(
        ({ entityType, entityName }) => `${entityType}=${names[entityName ?? ''] ?? entityName}`,
      );
      const limits = values.map(({ key, value }) => `${key}=${value}`);
      return `${parts.sort().join(' ')}: ${limits.sort().join(' ')}`;
    })
    .sort();
}

export const quotaSettings: readonly Behaviour[] = [
  {
    name: 'quotas of users, of clients and of both are set, told and removed',
    apis: ['AlterClientQuotas', 'DescribeClientQuotas'],
    shows: {
      done: ['NONE', 'NONE', 'NONE'],
      all: [
        'client-id=CLIENT user=USER: request_percentage=150.5',
        'client-id=CLIENT: producer_byte_rate=3000000',
        'user=USER: consumer_byte_rate=2000000 producer_byte_rate=1000000',
      ],
      user: ['user=USER: consumer_byte_rate=2000000 producer_byte_rate=1000000'],
      'user, whatever the client': [
        'client-id=CLIENT user=USER: request_percentage=150.5',
        'user=USER: consumer_byte_rate=2000000 producer_byte_rate=1000000',
      ],
      both: ['client-id=CLIENT user=USER: request_percentage=150.5'],
      'any client': ['client-id=CLIENT: producer_byte_rate=3000000'],
      'a user, any client': ['client-id=CLIENT user=USER: request_percentage=150.5'],
      'the default user': [],
      removed: 'NONE',
      changed: 'NONE',
      left: ['client-id=CLIENT user=USER: request_percentage=150.5', 'user=USER: consumer_byte_rate=5000000'],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const [user, client] = [scope.name('user'), scope.name('client')];
      const both = { user, 'client-id': client };
      scope.defer(() => set(connection, { user }, { producer_byte_rate: null, consumer_byte_rate: null }));
      scope.defer(() => set(connection, both, { request_percentage: null }));
      const done = [
        await set(connection, { user }, { producer_byte_rate: 1e6, consumer_byte_rate: 2e6 }),
        await set(connection, both, { request_percentage: 150.5 }),
        await set(connection, { 'client-id': client }, { producer_byte_rate: 3e6 }),
      ];
      const look = () => told(connection, scope, [], false);
      const all = await settled(look, (entries) => entries.length === 3);
      const views = {
        user: await told(connection, scope, [exactly('user', user)], true),
        'user, whatever the client': await told(connection, scope, [exactly('user', user)], false),
        both: await told(connection, scope, [exactly('user', user), exactly('client-id', client)], true),
        'any client': await told(connection, scope, [any('client-id')], true),
        'a user, any client': await told(connection, scope, [exactly('user', user), any('client-id')], true),
        'the default user': await told(connection, scope, [byDefault('user')], true),
      };
      const changedTo = 'user=USER: consumer_byte_rate=5000000';
      const removed = await set(connection, { 'client-id': client }, { producer_byte_rate: null });
      const changed = await set(connection, { user }, { producer_byte_rate: null, consumer_byte_rate: 5e6 });
      const left = await settled(look, (entries) => entries.length === 2 && entries.includes(changedTo));
      return { done, all, ...views, removed, changed, left };
    }),
  },
  {
    name: 'quotas that can not be are refused',
    apis: ['AlterClientQuotas'],
    shows: {
      valid: 'NONE',
      'unknown key': 'INVALID_REQUEST',
      'below zero': 'INVALID_REQUEST',
      zero: 'INVALID_REQUEST',
      'part of a byte': 'INVALID_REQUEST',
      'key of addresses': 'INVALID_REQUEST',
      'unknown type': 'INVALID_REQUEST',
      'no entity': 'INVALID_REQUEST',
      'empty name': 'INVALID_REQUEST',
      'address with user': 'INVALID_REQUEST',
      address: 'NONE',
      'key of users': 'INVALID_REQUEST',
      'no address': 'INVALID_REQUEST',
      'removed before it was set': 'NONE',
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const user = scope.name('user');
      const ask = (entity: Entity, values: Record<string, number | null>) => set(connection, entity, values, true);
      return {
        valid: await ask({ user }, { producer_byte_rate: 1000 }),
        'unknown key': await ask({ user }, { no_such_rate: 1 }),
        'below zero': await ask({ user }, { producer_byte_rate: -1 }),
        zero: await ask({ user }, { producer_byte_rate: 0 }),
        'part of a byte': await ask({ user }, { producer_byte_rate: 1.5 }),
        'key of addresses': await ask({ user }, { connection_creation_rate: 5 }),
        'unknown type': await ask({ tenant: user }, { producer_byte_rate: 1000 }),
        'no entity': await ask({}, { producer_byte_rate: 1000 }),
        'empty name': await ask({ user: '' }, { producer_byte_rate: 1000 }),
        'address with user': await ask({ user, ip: '127.0.0.1' }, { connection_creation_rate: 5 }),
        address: await ask({ ip: '127.0.0.9' }, { connection_creation_rate: 5 }),
        'key of users': await ask({ ip: '127.0.0.9' }, { producer_byte_rate: 1000 }),
        'no address': await ask({ ip: 'not an address' }, { connection_creation_rate: 5 }),
        'removed before it was set': await ask({ user }, { producer_byte_rate: null }),
      };
    }),
  },
  {
    name: 'questions about quotas that can not be are refused',
    apis: ['DescribeClientQuotas'],
    shows: {
      'unknown type': 'UNSUPPORTED_VERSION',
      'a type twice': 'INVALID_REQUEST',
      'unknown match': 'INVALID_REQUEST',
      'name without match': 'INVALID_REQUEST',
      'match without name': 'INVALID_REQUEST',
      'empty type': 'INVALID_REQUEST',
      'user with address': 'INVALID_REQUEST',
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const user = scope.name('user');
      const ask = (...components: Component[]) => told(connection, scope, components, false);
      return {
        'unknown type': await ask(exactly('tenant', user)),
        'a type twice': await ask(exactly('user', user), any('user')),
        'unknown match': await ask({ entityType: 'user', matchType: 9, match: null }),
        'name without match': await ask({ entityType: 'user', matchType: 1, match: user }),
        'match without name': await ask({ entityType: 'user', matchType: 0, match: null }),
        'empty type': await ask(exactly('', user)),
        'user with address': await ask(exactly('user', user), exactly('ip', '127.0.0.1')),
      };
    }),
  },
];
