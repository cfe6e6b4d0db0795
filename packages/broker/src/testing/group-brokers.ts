/**
 * For tests of the handlers of groups: brokers whose requests and answers pass through the codecs, so that an answer
 * which a version can't carry fails.
 */
import assert from 'node:assert/strict';
import {
  type Api,
  ByteReader,
  ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type RequestDraft,
  type ResponseDraft,
  type ResponseOf,
  versionRange,
} from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { ClusterState } from '../cluster-state.ts';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { handlers } from '../handlers/index.ts';
import { anonymous } from '../security/principal.ts';
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

  async ask<A extends Api>(broker: BrokerEndpoint, api: A, version: number, draft: RequestDraft<A>) {
    const handler = handlers.get(api.key);
    assert.ok(handler, `${api.name} has a handler`);
    const frame = Buffer.concat(encodeRequest(new ByteWriter(), api, version, 1, 'client', draft).chunks);
    const reader = new ByteReader(frame.subarray(4));
    const { clientId, apiVersion } = decodeRequestHeader(reader);
    const request = decodeRequest(api, version, reader);
    const connection = { isClosed: false, onClosed: () => () => undefined } as never;
    const answering = handler.handle(request, {
      broker,
      clientId,
      clientHost: '127.0.0.1',
      apiVersion,
      principal: anonymous,
      connection,
      room: undefined as never,
    });
    await this.fixture.platform.pass(1);
    const answer = (await answering) as ResponseDraft<A>;
    const bytes = Buffer.concat(encodeResponse(new ByteWriter(), api, version, 1, answer).chunks);
    return decodeResponse(api, version, bytes.subarray(4)) as ResponseOf<A>;
  }
}

/** All versions of an API, ascending. */
export function versionsOf(api: Api): number[] {
  const { first, last } = versionRange(api.versions);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
