/** A worker's figures for Prometheus, over HTTP on this machine. */
import { type Mirror, metricsContentType, metricsText } from '@millrace/mirror';
import { type HttpServer, startServer } from '@millrace/server';
import { withPortHint } from '../port-in-use.ts';

/** Serves `/metrics` on 127.0.0.1. 0 chooses a free port. */
export function serveMetrics(mirror: Mirror, port: number): Promise<HttpServer> {
  const asset = { path: '/metrics', contentType: metricsContentType, body: () => metricsText(mirror) };
  return withPortHint(startServer({ port, assets: [asset] }), 'Choose another one: --metrics PORT.');
}
