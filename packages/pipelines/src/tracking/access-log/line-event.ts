/** From a line of an access log to a tracking event: the same line of the same site always gives the same event. */
import { hash } from 'node:crypto';
import type { TrackingEvent } from '../event.ts';
import { truncateAddress } from '../truncate-address.ts';
import type { LogLine } from './parse-line.ts';
import type { VisitorNames } from './visitor-names.ts';

export interface LineOrigin {
  readonly site: string;
  readonly visitorNames: VisitorNames;
  /** When the line was read, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/** What tells a line from all that are not equal to it. */
export function lineHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url');
}

/**
 * The event of a line. Its id is a hash of site, line and `occurrence` (which of the equal lines it is); its visitor a
 * keyed hash of address and user agent, since a log knows no better. The address itself is not kept, only its network.
 */
export function lineEvent(line: LogLine, lineHash: string, occurrence: number, origin: LineOrigin): TrackingEvent {
  const at = new Date(line.at).toISOString();
  const network = truncateAddress(line.host);
  const path = line.target === undefined ? undefined : pathOf(line.target);
  return {
    type: 'request',
    messageId: `log-${shortHash(`${origin.site}\n${occurrence}\n${lineHash}`)}`,
    site: origin.site,
    anonymousId: `log-${origin.visitorNames.nameOf(line.host, line.userAgent)}`,
    ...(line.user !== undefined && { userId: line.user.slice(0, 128) }),
    timestamp: at,
    originalTimestamp: at,
    receivedAt: new Date(origin.receivedAt).toISOString(),
    context: {
      ...(network !== undefined && { ip: network }),
      ...(line.userAgent !== undefined && { userAgent: line.userAgent.slice(0, 2_048) }),
      page: {
        ...(line.target !== undefined && { url: line.target.slice(0, 8_192) }),
        ...(path !== undefined && { path: path.slice(0, 8_192) }),
        ...(line.referrer !== undefined && { referrer: line.referrer.slice(0, 8_192) }),
      },
      request: {
        ...(line.method !== undefined && { method: line.method }),
        ...(line.protocol !== undefined && { protocol: line.protocol }),
      },
      response: { status: line.status, ...(line.bytes !== undefined && { bytes: line.bytes }) },
    },
  };
}

/** 132 bits of a hash. */
function shortHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** The path of a request target (RFC 9112, section 3.2), without its query. */
function pathOf(target: string): string | undefined {
  const absolute = /^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? '';
  const path = target.slice(absolute.length).split(/[?#]/, 1)[0] as string;
  if (path.startsWith('/')) return path;
  return absolute !== '' && path === '' ? '/' : undefined;
}
