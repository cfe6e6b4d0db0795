/** The status page at `/`: plain files beside this one, handed out as they are but for the collector's address. */
import { readFileSync } from 'node:fs';
import type { Asset } from '../asset.ts';

export interface StatusPageOptions {
  /** Port of the collectors, on the same host. */
  readonly collectorPort: number;
  /** Whether the page tracks its own visitors; default true. */
  readonly tracked?: boolean | undefined;
}

/** The page and what belongs to it. It may load and call nothing but this server and the collector. */
export function statusPage(options: StatusPageOptions): Asset[] {
  const whole = readBeside('index.html');
  const html = options.tracked === false ? whole.replaceAll(/<!-- tracked -->.*?<!-- \/tracked -->/gs, '') : whole;
  const collector = (hostName: string): string => `http://${hostName}:${options.collectorPort}`;
  return [
    {
      path: '/',
      contentType: 'text/html; charset=utf-8',
      body: (hostName) => html.replaceAll('__COLLECTOR__', collector(hostName)),
      headers: (hostName) => ({ 'content-security-policy': securityPolicy(collector(hostName)) }),
    },
    { path: '/status.js', contentType: 'text/javascript; charset=utf-8', body: readBeside('status.js') },
    { path: '/status.css', contentType: 'text/css; charset=utf-8', body: readBeside('status.css') },
    { path: '/favicon.svg', contentType: 'image/svg+xml', body: readBeside('favicon.svg') },
  ];
}

function securityPolicy(collector: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${collector}`,
    `connect-src 'self' ${collector}`,
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function readBeside(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
