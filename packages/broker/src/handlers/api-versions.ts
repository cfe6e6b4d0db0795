/** ApiVersions, versions 0 to 4. What is advertised is what there is a handler for, and the cluster's features. */
import { apiVersions as apiVersionsApi, errorCodes, versionRange } from '@millrace/wire';
import type { ClusterFeatures } from '../features/cluster-features.ts';
import type { AnyHandler, Handler } from '../handler.ts';

/** The broker keeps these names as long as the connection. */
const nameLengthMax = 1024;

/** The handler for a broker that offers `handlers()`; asked late, because it is one of them itself. */
export function apiVersionsHandler(handlers: () => Iterable<AnyHandler>): Handler<typeof apiVersionsApi> {
  let apiKeys: ReturnType<typeof offered> | undefined;
  return {
    api: apiVersionsApi,
    handle: (request, context) => {
      const named = context.apiVersion < 3 || isName(request.clientSoftwareName);
      const valid = named && (context.apiVersion < 3 || isName(request.clientSoftwareVersion));
      if (valid && context.apiVersion >= 3) {
        const { clientSoftwareName: name, clientSoftwareVersion: version } = request;
        context.connection.software = { name, version };
      }
      apiKeys ??= offered(handlers());
      return {
        errorCode: valid ? errorCodes.NONE : errorCodes.INVALID_REQUEST,
        apiKeys: valid ? apiKeys : [],
        ...(valid ? featuresOf(context.broker.cluster.features, context.apiVersion) : {}),
      };
    },
  };
}

/** Before version 4 clients refuse a lowest version of 0, so such features are left out (KIP-1022). */
function featuresOf(features: ClusterFeatures, apiVersion: number) {
  return {
    supportedFeatures: features.supported
      .filter(({ minVersion }) => minVersion > 0 || apiVersion >= 4)
      .map(({ name, minVersion, maxVersion }) => ({ name, minVersion, maxVersion })),
    finalizedFeaturesEpoch: features.epoch,
    finalizedFeatures: [...features.finalized()].map(({ name, level }) => ({
      name,
      maxVersionLevel: level,
      minVersionLevel: level,
    })),
  };
}

/** The answer's list of APIs, keys ascending. */
export function offered(handlers: Iterable<AnyHandler>) {
  return [...handlers]
    .map(({ api, advertised }) => {
      const { first, last } = versionRange(advertised ?? api.versions);
      return { apiKey: api.key, minVersion: first, maxVersion: last };
    })
    .sort((left, right) => left.apiKey - right.apiKey);
}

/** Kafka's rule for the names that clients give themselves (KIP-511). */
function isName(text: string): boolean {
  return text.length <= nameLengthMax && /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(text);
}
