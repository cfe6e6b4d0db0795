/**
 * Which answers name brokers, and the same answers with other addresses in them. Everything else that brokers answer
 * passes as bytes. Produce and Fetch name brokers where a leader has moved (KIP-951), at the end of what is read of
 * them here; record batches are passed on as views.
 */
import {
  type Api,
  type ByteWriter,
  correlationIdOf,
  decodeResponse,
  describeCluster,
  type EncodedFrame,
  encodeResponse,
  fetch,
  findCoordinator,
  metadata,
  produce,
  type ResponseDraft,
} from '@millrace/wire';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface NamedBroker extends Address {
  readonly nodeId: number;
}

/** An answer that names brokers. */
export interface NamingAnswer {
  readonly brokers: readonly NamedBroker[];
  /** Whether `brokers` are all that the cluster has. */
  readonly isComplete: boolean;
  /** The answer's frame, its length first, with each of `brokers` elsewhere. */
  encode(writer: ByteWriter, elsewhere: (nodeId: number) => Address): EncodedFrame;
}

interface Reading {
  readonly api: Api;
  /** The first version that names brokers. */
  readonly since: number;
  readonly read: (version: number, frame: Uint8Array) => NamingAnswer | undefined;
}

const readings: ReadonlyMap<number, Reading> = new Map(
  [
    { api: metadata, since: 0, read: readMetadata },
    { api: findCoordinator, since: 0, read: readCoordinators },
    { api: describeCluster, since: 0, read: readCluster },
    { api: produce, since: 10, read: (version: number, frame: Uint8Array) => readEndpoints(produce, version, frame) },
    { api: fetch, since: 16, read: (version: number, frame: Uint8Array) => readEndpoints(fetch, version, frame) },
  ].map((reading: Reading) => [reading.api.key, reading]),
);

/** Whether answers of this API are read here, so that only versions that we know may pass. */
export function mayNameBrokers(apiKey: number): boolean {
  return readings.has(apiKey);
}

/** What an answer (without its length) names; undefined for one that goes on as it is. @throws WireError */
export function namedBrokers(apiKey: number, version: number, frame: Uint8Array): NamingAnswer | undefined {
  const reading = readings.get(apiKey);
  if (reading === undefined || version < reading.since) return undefined;
  const answer = reading.read(version, frame);
  return answer === undefined || answer.brokers.length === 0 ? undefined : answer;
}

function readMetadata(version: number, frame: Uint8Array): NamingAnswer {
  const answer = decodeResponse(metadata, version, frame);
  return {
    brokers: answer.brokers.filter(isReachable),
    isComplete: true,
    encode: (writer, elsewhere) =>
      encoded(writer, metadata, version, frame, { ...answer, brokers: moved(answer.brokers, elsewhere) }),
  };
}

function readCoordinators(version: number, frame: Uint8Array): NamingAnswer {
  const answer = decodeResponse(findCoordinator, version, frame);
  if (version < 4) {
    return {
      brokers: [answer].filter(isReachable),
      isComplete: false,
      encode: (writer, elsewhere) =>
        encoded(writer, findCoordinator, version, frame, { ...answer, ...elsewhere(answer.nodeId) }),
    };
  }
  return {
    brokers: answer.coordinators.filter(isReachable),
    isComplete: false,
    encode: (writer, elsewhere) =>
      encoded(writer, findCoordinator, version, frame, {
        ...answer,
        coordinators: moved(answer.coordinators, elsewhere),
      }),
  };
}

function readCluster(version: number, frame: Uint8Array): NamingAnswer {
  const answer = decodeResponse(describeCluster, version, frame);
  const brokers = answer.brokers.map((broker) => ({ ...broker, nodeId: broker.brokerId }));
  return {
    brokers: brokers.filter(isReachable),
    isComplete: false,
    encode: (writer, elsewhere) =>
      encoded(writer, describeCluster, version, frame, { ...answer, brokers: moved(brokers, elsewhere) }),
  };
}

function readEndpoints(api: typeof produce | typeof fetch, version: number, frame: Uint8Array): NamingAnswer {
  const answer = decodeResponse(api, version, frame);
  return {
    brokers: answer.nodeEndpoints.filter(isReachable),
    isComplete: false,
    encode: (writer, elsewhere) => {
      const draft = { ...answer, nodeEndpoints: moved(answer.nodeEndpoints, elsewhere) };
      return encoded(writer, api, version, frame, draft as ResponseDraft<typeof api>);
    },
  };
}

function encoded<A extends Api>(
  writer: ByteWriter,
  api: A,
  version: number,
  frame: Uint8Array,
  draft: ResponseDraft<A>,
): EncodedFrame {
  return encodeResponse(writer, api, version, correlationIdOf(frame), draft);
}

function moved<Broker extends NamedBroker>(
  brokers: readonly Broker[],
  elsewhere: (nodeId: number) => Address,
): readonly Broker[] {
  return brokers.map((broker) => (isReachable(broker) ? { ...broker, ...elsewhere(broker.nodeId) } : broker));
}

/** Where there is no coordinator, or a broker is fenced, there is no address. */
function isReachable({ nodeId, host, port }: NamedBroker): boolean {
  return nodeId >= 0 && host !== '' && port > 0;
}
