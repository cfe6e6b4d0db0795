/** Figures for Prometheus, over HTTP on this machine. */
import { type HttpServer, startServer } from '@millrace/server';
import { withPortHint } from './port-in-use.ts';

export interface MetricsText {
  readonly contentType: string;
  readonly body: () => string;
}

/** Serves `/metrics` on 127.0.0.1. 0 chooses a free port. */
export function serveMetrics(text: MetricsText, port: number): Promise<HttpServer> {
  const asset = { path: '/metrics', ...text };
  return withPortHint(startServer({ port, assets: [asset] }), 'Choose another one: --metrics PORT.');
}
