/**
 * Tells which versions of which APIs a broker speaks, and its finalized features.
 * The answer always has header version 0; an unknown version is answered in version 0 with UNSUPPORTED_VERSION
 * (KIP-511).
 */
import type { Api, Fields, Message } from '../schema.ts';

const request = {
  clientSoftwareName: { type: 'string', versions: '3+', ignorable: true },
  clientSoftwareVersion: { type: 'string', versions: '3+', ignorable: true },
} as const satisfies Fields;

const response = {
  errorCode: { type: 'int16' },
  apiKeys: {
    type: 'array',
    of: {
      apiKey: { type: 'int16' },
      minVersion: { type: 'int16' },
      maxVersion: { type: 'int16' },
    },
  },
  throttleTimeMs: { type: 'int32', default: 0, versions: '1+', ignorable: true },
  supportedFeatures: {
    type: 'array',
    versions: '3+',
    ignorable: true,
    tag: 0,
    tagged: '3+',
    of: {
      name: { type: 'string', versions: '3+' },
      minVersion: { type: 'int16', versions: '3+' },
      maxVersion: { type: 'int16', versions: '3+' },
    },
  },
  finalizedFeaturesEpoch: { type: 'int64', versions: '3+', default: -1, ignorable: true, tag: 1, tagged: '3+' },
  finalizedFeatures: {
    type: 'array',
    versions: '3+',
    ignorable: true,
    tag: 2,
    tagged: '3+',
    of: {
      name: { type: 'string', versions: '3+' },
      maxVersionLevel: { type: 'int16', versions: '3+' },
      minVersionLevel: { type: 'int16', versions: '3+' },
    },
  },
  zkMigrationReady: { type: 'bool', versions: '3+', ignorable: true, tag: 3, tagged: '3+' },
} as const satisfies Fields;

export const apiVersions = {
  key: 18,
  name: 'ApiVersions',
  versions: '0-4',
  flexible: '3+',
  request,
  response,
} as const satisfies Api;

export interface ApiVersionsRequest extends Message<typeof request> {}
export interface ApiVersionsResponse extends Message<typeof response> {}
