/**
 * A user of a secured place whom no other try knows, by raw requests: what it is answered without rights, and with
 * those that it is granted.
 */
import { type AclBinding, unwrap } from '@millrace/client';
import { tokenOf } from '@millrace/client/testing/unsigned-token';
import {
  type Api,
  describeAcls,
  encodeOauthBearer,
  type RequestDraft,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import type { Place } from './place.ts';
import { errorName, type Login, RawCluster, type RawConnection } from './raw-connection.ts';
import type { Scope } from './scope.ts';
import { settled } from './settled.ts';

/** Logs in as anybody: the brokers of secured places believe tokens without signature. */
export function loginAs(user: string): Login {
  return async (connection) => {
    await connection.request(saslHandshake, 1, { mechanism: 'OAUTHBEARER' });
    const authBytes = encodeOauthBearer({ token: tokenOf(user, 3600) });
    const { errorCode } = await connection.request(saslAuthenticate, 2, { authBytes });
    if (errorCode !== 0) throw new Error(`${user} can't log in: ${errorName(errorCode)}`);
  };
}

/** Where a request goes. */
type Part = { readonly leader: string } | { readonly group: string } | { readonly transaction: string } | 'any';

export class RawUser {
  readonly principal: string;
  readonly #place: Place;
  readonly #scope: Scope;
  readonly #brokers: RawCluster;
  readonly #entries: AclBinding[] = [];
  /** Of who may do everything. */
  readonly #all: RawCluster;

  constructor(place: Place, scope: Scope, name = scope.name('user')) {
    this.principal = `User:${name}`;
    this.#place = place;
    this.#scope = scope;
    this.#brokers = new RawCluster(place, scope, loginAs(name));
    this.#all = new RawCluster(place, scope);
  }

  /** The user's connection to the broker that plays a part. */
  async to(part: Part): Promise<RawConnection> {
    if (part === 'any') return await this.#brokers.any();
    if ('leader' in part) return await this.#brokers.broker(await this.#all.leaderId(part.leader));
    const [kind, key] =
      'group' in part ? (['group', part.group] as const) : (['transaction', part.transaction] as const);
    return await this.#brokers.broker(await this.#all.coordinatorId(kind, key));
  }

  /** The names of all errors in an answer, each once, ascending. */
  async errorsOf<A extends Api>(part: Part, api: A, version: number, draft: RequestDraft<A>): Promise<string> {
    const answer = await (await this.to(part)).request(api, version, draft);
    return [...new Set(errorCodesIn(answer).map(errorName))].sort().join(' ');
  }

  /** Grants or denies it things for as long as the scope lasts; resolves when all brokers know. */
  async entry(changes: Partial<AclBinding> & Pick<AclBinding, 'resourceType' | 'resourceName' | 'operation'>) {
    const binding: AclBinding = {
      patternType: 'literal',
      principal: this.principal,
      host: '*',
      permission: 'allow',
      ...changes,
    };
    unwrap(await this.#scope.admin.createAcls([binding]));
    this.#scope.defer(async () => unwrap(await this.#scope.admin.deleteAcls([binding])));
    this.#entries.push(binding);
    await Promise.all(this.#place.brokerIds.map((nodeId) => this.#untilKnown(nodeId, binding)));
  }

  /** Resolves once a broker has as many entries of this principal on this resource as there are. */
  async #untilKnown(nodeId: number, { principal, resourceName }: AclBinding): Promise<void> {
    const alike = this.#entries.filter((each) => each.principal === principal && each.resourceName === resourceName);
    const broker = await this.#all.broker(nodeId);
    const filter = { ...anyEntry, resourceNameFilter: resourceName, principalFilter: principal };
    await settled(
      async () => (await broker.request(describeAcls, 3, filter)).resources.flatMap(({ acls }) => acls),
      (found) => found.length >= alike.length,
    );
  }
}

/** A filter that all entries pass. */
export const anyEntry = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

function errorCodesIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(errorCodesIn);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    name.endsWith('rrorCode') ? [each as number] : errorCodesIn(each),
  );
}

/** By what is asked for: answers to several users, in one order. */
export type Answers = Readonly<Record<string, readonly string[]>>;

/** The column of a table. */
export function answersAt(answers: Answers, at: number): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(answers).map(([what, each]) => [what, each[at]]));
}

/** What requests of a user are about. */
export interface Names {
  readonly topic: string;
  readonly group: string;
  readonly transaction: string;
}

export type Asks = Readonly<Record<string, () => Promise<string>>>;

/** Asks one after the other. */
export async function askAll(asks: Asks): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const [what, ask] of Object.entries(asks)) seen[what] = await ask();
  return seen;
}
