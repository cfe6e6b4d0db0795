/** Requests as a broker reads them, responses as a client does, and what members of a group tell each other. */
import {
  apiByKey,
  apis,
  ByteReader,
  ByteWriter,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeResponse,
  hasVersion,
  versionRange,
} from '@millrace/wire';
import type { FuzzTarget } from '../fuzz-target.ts';
import { goldenFrames } from '../golden-frames.ts';

/** An input is a request frame without its length. */
export const requests: FuzzTarget = {
  name: 'requests',
  inputs: 75_000,
  seeds: () => goldenFrames('Request').map(({ frame }) => frame),
  run(input) {
    const reader = new ByteReader(input);
    const { apiKey, apiVersion } = decodeRequestHeader(reader);
    const api = apiByKey(apiKey);
    if (api === undefined || !hasVersion(api.versions, apiVersion)) return 'unknown API';
    decodeRequest(api, apiVersion, reader);
    return `${api.name} ${apiVersion}`;
  },
};

/** Every API at every version: a byte of an input says which. */
const codecs = apis.flatMap((api) => {
  const { first, last } = versionRange(api.versions);
  return Array.from({ length: last - first + 1 }, (_, index) => ({ api, version: first + index }));
});

/** An input is two bytes that choose API and version, then a response frame without its length. */
export const responses: FuzzTarget = {
  name: 'responses',
  inputs: 75_000,
  seeds: () =>
    goldenFrames('Response').map(({ message, version, frame }) => {
      const index = codecs.findIndex(({ api, version: own }) => `${api.name}Response` === message && own === version);
      return Buffer.concat([Buffer.from([index >> 8, index & 0xff]), frame]);
    }),
  run(input) {
    const { api, version } = codecs[
      (((input[0] ?? 0) << 8) | (input[1] ?? 0)) % codecs.length
    ] as (typeof codecs)[number];
    const response = decodeResponse(api, version, input.subarray(2));
    // What was read can be written, but for text that is longer than a string may be.
    encodeResponse(new ByteWriter(), api, version, 1, response as never);
    return `${api.name} ${version}`;
  },
};

/** An input is a subscription or an assignment. */
export const consumerProtocol: FuzzTarget = {
  name: 'consumer-protocol',
  inputs: 50_000,
  seeds: () =>
    ['ConsumerProtocolSubscription', 'ConsumerProtocolAssignment'].flatMap(goldenFrames).map(({ frame }) => frame),
  run(input) {
    const { topics } = decodeConsumerSubscription(input);
    const { assignedPartitions } = decodeConsumerAssignment(input);
    return `${topics.length} ${assignedPartitions.length}`;
  },
};
