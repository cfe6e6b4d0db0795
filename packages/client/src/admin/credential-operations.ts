/** Users' SCRAM credentials: describe, set, delete. */
import {
  alterUserScramCredentials,
  describeUserScramCredentials,
  type ScramMechanism,
  saltedPassword,
} from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { ScramCredentialChange, ScramCredentialListing, UserName } from './credential-admin.ts';
import { type ItemAnswer, itemResults } from './item-results.ts';
import { onAny, onController, throwIfFailed } from './routes.ts';

const mechanismIds: Readonly<Record<ScramMechanism, number>> = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 };
const iterationsDefault = 8192;
const saltBytes = 24;

const altering: NeededAccess = { operation: 'alter', resourceType: 'cluster', resourceName: 'kafka-cluster' };

export async function describeCredentials(
  cluster: Cluster,
  users: readonly string[] | undefined,
  bounds: CallBounds,
): Promise<ItemResult<UserName, { readonly credentials: readonly ScramCredentialListing[] }>[]> {
  const draft = { users: users?.map((name) => ({ name })) ?? null };
  const { results } = await onAny(cluster, bounds, async (connection, timeoutMs) => {
    const response = await connection.request(describeUserScramCredentials, draft, { timeoutMs });
    throwIfFailed(response, 'describe SCRAM credentials', { ...altering, operation: 'describe' });
    return response;
  });
  return itemResults(
    (users ?? results.map(({ user }) => user).sort()).map((user) => ({ user })),
    ({ user }) => results.find((answer) => answer.user === user),
    ({ user }) => `describe the SCRAM credentials of user ${user}`,
    ({ credentialInfos }) => ({
      credentials: credentialInfos
        .toSorted((left, right) => left.mechanism - right.mechanism)
        .map(({ mechanism, iterations }) => ({
          mechanism: mechanism === mechanismIds['SCRAM-SHA-256'] ? 'SCRAM-SHA-256' : 'SCRAM-SHA-512',
          iterations,
        })),
    }),
  );
}

export async function alterCredentials(
  cluster: Cluster,
  changes: readonly ScramCredentialChange[],
  bounds: CallBounds,
): Promise<ItemResult<UserName>[]> {
  const answers = new Map<string, ItemAnswer>();
  for (const round of roundsOf(changes)) {
    const open = round.filter(({ user }) => (answers.get(user)?.errorCode ?? 0) === 0);
    if (open.length === 0) continue;
    const upsertions = open.flatMap((change) => ('password' in change ? [upsertion(cluster, change)] : []));
    const deletions = open.flatMap((change) =>
      'password' in change ? [] : [{ name: change.user, mechanism: mechanismIds[change.mechanism] }],
    );
    const draft = { deletions, upsertions: await Promise.all(upsertions) };
    const { results } = await onController(cluster, bounds, (connection, timeoutMs) =>
      connection.request(alterUserScramCredentials, draft, { timeoutMs }),
    );
    for (const answer of results) answers.set(answer.user, answer);
  }
  return itemResults(
    [...new Set(changes.map(({ user }) => user))].map((user) => ({ user })),
    ({ user }) => answers.get(user),
    ({ user }) => `alter the SCRAM credentials of user ${user}`,
    () => ({}),
    () => altering,
  );
}

/** Brokers refuse requests that name a user twice, so several changes of one take several requests. */
function roundsOf(changes: readonly ScramCredentialChange[]): ScramCredentialChange[][] {
  const rounds: ScramCredentialChange[][] = [];
  const counts = new Map<string, number>();
  for (const change of changes) {
    const count = counts.get(change.user) ?? 0;
    counts.set(change.user, count + 1);
    const round = rounds[count];
    if (round === undefined) rounds.push([change]);
    else round.push(change);
  }
  return rounds;
}

async function upsertion(cluster: Cluster, change: Extract<ScramCredentialChange, { readonly password: string }>) {
  const { user, mechanism, password, iterations = iterationsDefault } = change;
  const salt = cluster.settings.platform.randomness.bytes(saltBytes);
  return {
    name: user,
    mechanism: mechanismIds[mechanism],
    iterations,
    salt,
    saltedPassword: await saltedPassword(mechanism, password, salt, iterations),
  };
}
