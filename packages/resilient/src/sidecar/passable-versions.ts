/**
 * Which requests a sidecar passes: those of APIs that are known here, in the versions that the broker has; where more
 * than their kind is read of them or of their answers (`named-brokers.ts`, `relayed-requests.ts`), in those alone that
 * can be. The login is the sidecar's own.
 */
import {
  type ApiVersionsResponse,
  apiByKey,
  apiVersions,
  saslAuthenticate,
  saslHandshake,
  versionRange,
} from '@millrace/wire';
import { mayNameBrokers } from './named-brokers.ts';
import { tellsOfGroups } from './relayed-requests.ts';

type Range = ApiVersionsResponse['apiKeys'][number];

/** Version 0 of the handshake, which librdkafka looks for and does not use, is refused: bare tokens would follow it. */
const own: readonly Range[] = [
  { apiKey: saslHandshake.key, minVersion: 0, maxVersion: 1 },
  { apiKey: apiVersions.key, minVersion: 0, maxVersion: 4 },
  { apiKey: saslAuthenticate.key, minVersion: 0, maxVersion: 2 },
];
const ownKeys = new Set(own.map(({ apiKey }) => apiKey));

/** What a program may be told that it can use, of what a broker has. Keys ascending. */
export function passableVersions(broker: readonly Range[]): Range[] {
  const passed = broker.flatMap((range) => {
    if (ownKeys.has(range.apiKey)) return [];
    const api = apiByKey(range.apiKey);
    if (api === undefined) return [];
    if (!isRead(range.apiKey)) return [range];
    const maxVersion = Math.min(range.maxVersion, versionRange(api.versions).last);
    return maxVersion < range.minVersion ? [] : [{ ...range, maxVersion }];
  });
  return [...passed, ...own].sort((one, other) => one.apiKey - other.apiKey);
}

/** Whether a request passes. What of it the broker does not know, the broker refuses. */
export function mayPass(apiKey: number, version: number): boolean {
  const api = apiByKey(apiKey);
  if (api === undefined || ownKeys.has(apiKey)) return false;
  return !isRead(apiKey) || version <= versionRange(api.versions).last;
}

function isRead(apiKey: number): boolean {
  return mayNameBrokers(apiKey) || tellsOfGroups(apiKey);
}

/** The versions that all brokers have. */
export function commonVersions(brokers: readonly (readonly Range[])[]): Range[] {
  const [first = [], ...others] = brokers;
  return first.flatMap((range) => {
    let { minVersion, maxVersion } = range;
    for (const other of others) {
      const same = other.find(({ apiKey }) => apiKey === range.apiKey);
      if (same === undefined) return [];
      minVersion = Math.max(minVersion, same.minVersion);
      maxVersion = Math.min(maxVersion, same.maxVersion);
    }
    return maxVersion < minVersion ? [] : [{ apiKey: range.apiKey, minVersion, maxVersion }];
  });
}

/** Whether all that was promised is there. */
export function keepsPromise(promised: readonly Range[], actual: readonly Range[]): boolean {
  return promised.every(({ apiKey, minVersion, maxVersion }) => {
    const range = actual.find((each) => each.apiKey === apiKey);
    return range !== undefined && range.minVersion <= minVersion && range.maxVersion >= maxVersion;
  });
}
