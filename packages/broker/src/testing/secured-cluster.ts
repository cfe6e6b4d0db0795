/** For tests: a cluster that asks for logins and enforces access control entries, with its super user and others. */
import assert from 'node:assert/strict';
import { createAcls, deleteAcls, type RequestOf } from '@millrace/wire';
import {
  allOperations,
  operationNumbers,
  patternTypes,
  permissions,
  resourceTypeNumbers,
} from '../security/acl/acl.ts';
import type { Operation, ResourceType } from '../security/authorization.ts';
import { ClusterFixture } from './cluster-fixture.ts';
import { login } from './sasl-login.ts';
import type { WirePeer } from './wire-peer.ts';

type Creation = RequestOf<typeof createAcls>['creations'][number];

export interface Grant {
  readonly user?: string;
  readonly operation: Operation | 'All';
  readonly type: ResourceType;
  readonly name: string;
  readonly prefixed?: boolean;
  readonly deny?: boolean;
  readonly host?: string;
}

export const listener = 'SASL_PLAINTEXT';
const plainUsers = { admin: 'admin', alice: 'alice', bob: 'bob' };

export class SecuredCluster implements AsyncDisposable {
  readonly fixture: ClusterFixture;
  readonly admin: WirePeer;
  readonly alice: WirePeer;

  private constructor(fixture: ClusterFixture, admin: WirePeer, alice: WirePeer) {
    this.fixture = fixture;
    this.admin = admin;
    this.alice = alice;
  }

  static async start(configuration: Readonly<Record<string, string>> = {}): Promise<SecuredCluster> {
    const fixture = await ClusterFixture.start({
      configuration: {
        // What `ClusterFixture` does by itself comes through the first listener, as another super user.
        listeners: `PLAINTEXT://127.0.0.1:0,${listener}://127.0.0.1:0`,
        'sasl.enabled.mechanisms': 'PLAIN',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:admin;User:ANONYMOUS',
        'connection.failed.authentication.delay.ms': '0',
        ...configuration,
      },
      security: { plainUsers },
    });
    return new SecuredCluster(fixture, await loggedIn(fixture, 'admin'), await loggedIn(fixture, 'alice'));
  }

  connect(user: keyof typeof plainUsers): Promise<WirePeer> {
    return loggedIn(this.fixture, user);
  }

  /** Adds an entry, for alice unless it names somebody else. */
  async grant(grant: Grant): Promise<void> {
    const { results } = await this.admin.request(createAcls, { creations: [creationOf(grant)] });
    assert.equal(results[0]?.errorCode, 0, results[0]?.errorMessage ?? '');
  }

  /** Removes all entries. */
  async revokeAll(): Promise<void> {
    const names = { resourceNameFilter: null, principalFilter: null, hostFilter: null };
    const filters = [{ ...names, resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 }];
    const { filterResults } = await this.admin.request(deleteAcls, { filters });
    assert.equal(filterResults[0]?.errorCode, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin[Symbol.dispose]();
    this.alice[Symbol.dispose]();
    await this.fixture[Symbol.asyncDispose]();
  }
}

export function creationOf(grant: Grant): Creation {
  const { user = 'alice', operation, type, name, prefixed = false, deny = false, host = '*' } = grant;
  return {
    resourceType: resourceTypeNumbers[type],
    resourceName: name,
    resourcePatternType: prefixed ? patternTypes.prefixed : patternTypes.literal,
    principal: `User:${user}`,
    host,
    operation: operation === 'All' ? allOperations : operationNumbers[operation],
    permissionType: deny ? permissions.deny : permissions.allow,
  };
}

async function loggedIn(fixture: ClusterFixture, user: keyof typeof plainUsers): Promise<WirePeer> {
  const peer = await fixture.connect(listener);
  const answer = await login(peer, { mechanism: 'PLAIN', username: user, password: plainUsers[user] });
  assert.equal(answer.errorCode, 0);
  return peer;
}
