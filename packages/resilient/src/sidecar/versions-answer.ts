/** The sidecar's own answer to ApiVersions: what a broker has, as far as it can be passed on. */
import {
  type ApiVersionsRequest,
  type ApiVersionsResponse,
  apiVersions,
  type ByteReader,
  type ByteWriter,
  decodeRequest,
  type EncodedFrame,
  encodeResponse,
  errorCodes,
  hasVersion,
  type RequestHeader,
} from '@millrace/wire';
import type { ProgramSoftware } from './cluster-route.ts';
import { passableVersions } from './passable-versions.ts';

/** What goes to brokers for programs that do not say. */
export const unnamedSoftware: ProgramSoftware = {
  clientSoftwareName: 'millrace-sidecar',
  clientSoftwareVersion: '0.1.0',
};

/** What the program says that it is; `reader` stands behind the header. @throws WireError */
export function softwareOf({ apiVersion }: RequestHeader, reader: ByteReader): ProgramSoftware {
  if (!hasVersion(apiVersions.versions, apiVersion) || apiVersion < 3) return unnamedSoftware;
  const request: ApiVersionsRequest = decodeRequest(apiVersions, apiVersion, reader);
  const { clientSoftwareName, clientSoftwareVersion } = request;
  return clientSoftwareName === '' ? unnamedSoftware : { clientSoftwareName, clientSoftwareVersion };
}

/** A version that we do not know is answered in version 0, with those that we do (KIP-511). */
export function versionsAnswer(
  writer: ByteWriter,
  { apiVersion, correlationId }: RequestHeader,
  known: ApiVersionsResponse,
): EncodedFrame {
  const apiKeys = passableVersions(known.apiKeys);
  if (!hasVersion(apiVersions.versions, apiVersion)) {
    const own = apiKeys.filter(({ apiKey }) => apiKey === apiVersions.key);
    return encodeResponse(writer, apiVersions, 0, correlationId, {
      errorCode: errorCodes.UNSUPPORTED_VERSION,
      apiKeys: own,
    });
  }
  return encodeResponse(writer, apiVersions, apiVersion, correlationId, {
    ...known,
    errorCode: 0,
    apiKeys,
    throttleTimeMs: 0,
  });
}
