/** Which version of each API a broker and we both speak (KIP-35, KIP-511). */
import {
  type Api,
  type ApiVersionsResponse,
  apiVersions,
  decodeResponse,
  errorCodes,
  highestCommonVersion,
  KafkaError,
  type VersionRange,
  versionRange,
} from '@millrace/wire';
import { UnsupportedApiError } from '../errors.ts';

/** What brokers are told of this client. */
export const software = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0.1.0' };
/** In which ApiVersions is asked first. */
const ownVersion = 4;

export class BrokerVersions {
  readonly #broker: string;
  readonly #ranges = new Map<number, VersionRange>();
  /** Finalized levels of the cluster's features (KIP-584). */
  readonly #features = new Map<string, number>();

  /** `broker` names it in errors: `host:port`. */
  constructor(
    broker: string,
    response: Pick<ApiVersionsResponse, 'apiKeys'> & Partial<Pick<ApiVersionsResponse, 'finalizedFeatures'>>,
  ) {
    this.#broker = broker;
    for (const { name, maxVersionLevel } of response.finalizedFeatures ?? []) this.#features.set(name, maxVersionLevel);
    for (const { apiKey, minVersion, maxVersion } of response.apiKeys) {
      this.#ranges.set(apiKey, { first: minVersion, last: maxVersion });
    }
  }

  /** Whether nothing is known yet. */
  get isEmpty(): boolean {
    return this.#ranges.size === 0;
  }

  /** The highest version both speak, not above `versionMax`. Throws `UnsupportedApiError` when there is none. */
  choose(api: Api, versionMax = Number.POSITIVE_INFINITY): number {
    const range = this.#ranges.get(api.key);
    if (range === undefined) throw new UnsupportedApiError(api.name, this.#broker, '');
    const version = highestCommonVersion(api, { first: range.first, last: Math.min(range.last, versionMax) });
    if (version !== undefined) return version;
    const own = versionRange(api.versions);
    throw new UnsupportedApiError(
      api.name,
      this.#broker,
      ` in a version from ${own.first} to ${Math.min(own.last, versionMax)} (it has ${range.first} to ${range.last})`,
    );
  }

  /** Whether the broker has a common version at or above `version`. */
  supports(api: Api, version: number): boolean {
    const range = this.#ranges.get(api.key);
    return range !== undefined && (highestCommonVersion(api, range) ?? -1) >= version;
  }

  /** The level on which the cluster has agreed for a feature; 0 when the broker names none. */
  feature(name: string): number {
    return this.#features.get(name) ?? 0;
  }
}

/**
 * Asks a broker what it speaks, for which `ask` sends ApiVersions in a version. A broker that doesn't know our version
 * answers in version 0, naming its own.
 */
export async function negotiate(
  broker: string,
  ask: (version: number) => Promise<ApiVersionsResponse>,
): Promise<BrokerVersions> {
  let known = await ask(ownVersion);
  if (known.errorCode === errorCodes.UNSUPPORTED_VERSION) {
    known = await ask(known.apiKeys.length === 0 ? 0 : new BrokerVersions(broker, known).choose(apiVersions));
  }
  if (known.errorCode !== 0) throw new KafkaError(known.errorCode, `ask broker ${broker} for its API versions`);
  return new BrokerVersions(broker, known);
}

/** Reads an answer to ApiVersions of this version; a refusal of the version is in version 0. */
export function decodeVersions(version: number, frame: Uint8Array): ApiVersionsResponse {
  // The error code follows the correlation id.
  const isRefused = frame.length >= 6 && ((frame[4]! << 8) | frame[5]!) === errorCodes.UNSUPPORTED_VERSION;
  return decodeResponse(apiVersions, isRefused ? 0 : version, frame);
}
