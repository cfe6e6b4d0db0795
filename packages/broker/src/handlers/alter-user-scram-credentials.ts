/**
 * AlterUserScramCredentials, version 0. All changes to one user are done, or none; the password comes salted, so that
 * the broker never sees it.
 */
import {
  alterUserScramCredentials as alterUserScramCredentialsApi,
  credentialOfSaltedPassword,
  errorCodes,
  type RequestOf,
  type ResponseDraft,
  type ScramCredential,
  type ScramMechanism,
  scramIterationsMax,
  scramIterationsMin,
} from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import type { ScramCredentials } from '../security/scram-credentials.ts';
import { scramMechanismOfNumber } from '../security/scram-mechanism-numbers.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';

type Request = RequestOf<typeof alterUserScramCredentialsApi>;
type ResultDraft = ResponseDraft<typeof alterUserScramCredentialsApi>['results'][number];

/** What is asked for one user. */
interface Changes {
  readonly byMechanism: Map<ScramMechanism, ScramCredential | undefined>;
  refusal: Refusal | undefined;
}

export const alterUserScramCredentials: Handler<typeof alterUserScramCredentialsApi> = {
  api: alterUserScramCredentialsApi,

  async handle(request, context) {
    const { scram } = context.broker.cluster.security;
    if (!allows(context, 'Alter', 'Cluster', clusterResource)) {
      const names = [...request.deletions, ...request.upsertions].map(({ name }) => name);
      const errorCode = errorCodes.CLUSTER_AUTHORIZATION_FAILED;
      return { results: [...new Set(names)].map((user) => ({ user, errorCode, errorMessage: null })) };
    }
    const results = [...collected(request, scram)].map(
      async ([user, { byMechanism, refusal }]): Promise<ResultDraft> => {
        const failure = refusal ?? (await refusalOfStorage(() => applied(scram, user, byMechanism)));
        return { user, errorCode: failure?.errorCode ?? errorCodes.NONE, errorMessage: failure?.message ?? null };
      },
    );
    return { results: await Promise.all(results) };
  },
};

function applied(scram: ScramCredentials, user: string, changes: Changes['byMechanism']): Promise<unknown> {
  return Promise.all([...changes].map(([mechanism, credential]) => scram.set(user, mechanism, credential)));
}

function collected(request: Request, scram: ScramCredentials): Map<string, Changes> {
  const users = new Map<string, Changes>();
  for (const { name, mechanism: number } of request.deletions) {
    change(users, name, number, (mechanism) =>
      scram.of(name, mechanism) === undefined
        ? refused(errorCodes.RESOURCE_NOT_FOUND, 'Attempt to delete a user credential that does not exist')
        : undefined,
    );
  }
  for (const upsertion of request.upsertions) {
    const { name, salt, saltedPassword, iterations } = upsertion;
    change(users, name, upsertion.mechanism, (mechanism) => {
      const refusal = credentialRefusal(upsertion);
      return refusal ?? credentialOfSaltedPassword(mechanism, saltedPassword.slice(), salt.slice(), iterations);
    });
  }
  return users;
}

/** Notes a change, or why it can't be. */
function change(
  users: Map<string, Changes>,
  user: string,
  number: number,
  credentialOf: (mechanism: ScramMechanism) => ScramCredential | Refusal | undefined,
): void {
  const changes = users.get(user) ?? { byMechanism: new Map(), refusal: undefined };
  users.set(user, changes);
  const mechanism = scramMechanismOfNumber(number);
  if (user === '') changes.refusal ??= refused(errorCodes.UNACCEPTABLE_CREDENTIAL, 'Username must not be empty');
  else if (mechanism === undefined) {
    changes.refusal ??= refused(errorCodes.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism');
  } else if (changes.byMechanism.has(mechanism)) {
    const what = 'A user credential cannot be altered twice in the same request';
    changes.refusal ??= refused(errorCodes.DUPLICATE_RESOURCE, what);
  } else {
    const credential = credentialOf(mechanism);
    if (credential !== undefined && 'errorCode' in credential) changes.refusal ??= credential;
    else changes.byMechanism.set(mechanism, credential);
  }
}

function credentialRefusal({ iterations, salt, saltedPassword }: Request['upsertions'][number]): Refusal | undefined {
  const unacceptable = (what: string): Refusal => refused(errorCodes.UNACCEPTABLE_CREDENTIAL, what);
  if (iterations < scramIterationsMin) return unacceptable('Too few iterations');
  if (iterations > scramIterationsMax) return unacceptable('Too many iterations');
  if (salt.length === 0 || saltedPassword.length === 0) return unacceptable('Salt and password must not be empty');
  return undefined;
}

function refused(errorCode: number, message: string): Refusal {
  return { errorCode, message };
}
