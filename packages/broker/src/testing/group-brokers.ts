/** For tests of the handlers of groups: brokers over one coordinator's groups, without a network. */
import assert from 'node:assert/strict';
import { type Api, type RequestDraft, type ResponseOf, versionRange } from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { ClusterState } from '../cluster-state.ts';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { anonymous } from '../security/principal.ts';
import { callHandler } from './coded-call.ts';
import { GroupFixture } from './group-fixture.ts';

/** Three brokers over the fixture's groups. */
export class GroupBrokers {
  readonly fixture: GroupFixture;
  readonly endpoints: readonly BrokerEndpoint[];

  constructor(fixture: GroupFixture) {
    this.fixture = fixture;
    const cluster = { groups: fixture.groups } as { groups: ClusterState['groups']; endpoints: BrokerEndpoint[] };
    this.endpoints = [1, 2, 3].map((nodeId) => {
      return {
        nodeId,
        host: '127.0.0.1',
        port: 9091 + nodeId,
        rack: null,
        cluster: cluster as unknown as ClusterState,
      };
    });
    cluster.endpoints = [...this.endpoints];
  }

  static async start(): Promise<GroupBrokers> {
    return new GroupBrokers(await GroupFixture.start());
  }

  coordinator(group: string): BrokerEndpoint {
    const found = this.endpoints.find((endpoint) => coordinates(endpoint, group));
    assert.ok(found);
    return found;
  }

  stranger(group: string): BrokerEndpoint {
    const found = this.endpoints.find((endpoint) => !coordinates(endpoint, group));
    assert.ok(found);
    return found;
  }

  async ask<A extends Api>(
    broker: BrokerEndpoint,
    api: A,
    version: number,
    draft: RequestDraft<A>,
  ): Promise<ResponseOf<A>> {
    const connection = { isClosed: false, onClosed: () => () => undefined } as never;
    const parties = { broker, clientId: 'client', principal: anonymous, connection };
    const answering = callHandler(api, version, draft, { ...parties, roomFor: () => undefined as never });
    await this.fixture.platform.pass(1);
    return answering;
  }
}

/** All versions of an API, ascending. */
export function versionsOf(api: Api): number[] {
  const { first, last } = versionRange(api.versions);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
