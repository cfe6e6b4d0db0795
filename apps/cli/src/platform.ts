/**
 * What `up` runs beside the clusters: the control plane's and the collectors' HTTP servers, and the pipelines. This is the
 * one place where they are put together; each is made by its own package.
 */
import type { EmbeddedFleet } from '@millrace/engines';
import { type HttpServer, startServer } from '@millrace/server';

export interface PlatformOptions {
  readonly fleet: EmbeddedFleet;
  readonly host: string;
  /** The control plane's; the collectors have the next one. 0: free ones. */
  readonly port: number;
  /** Whether the built-in demonstration runs. */
  readonly demo: boolean;
  readonly version: string;
  /** Told what went wrong in the background, as a sentence. */
  readonly warn: (message: string) => void;
}

export interface RunningPlatform extends AsyncDisposable {
  readonly url: string;
  readonly collectorUrl: string;
  close(): Promise<void>;
}

/** Starts it all, or nothing. */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  await using parts = new AsyncDisposableStack();
  const collector = parts.use(await startHttp(options, options.port === 0 ? 0 : options.port + 1));
  const control = parts.use(await startHttp(options, options.port));
  const running = parts.move();
  const close = (): Promise<void> => running.disposeAsync();
  return { url: control.url, collectorUrl: collector.url, close, [Symbol.asyncDispose]: close };
}

function startHttp({ host, version, warn }: PlatformOptions, port: number): Promise<HttpServer> {
  return startServer({
    host,
    port,
    version,
    onFailure: ({ method, path, error }) => warn(`${method} ${path}: ${error instanceof Error ? error.stack : error}`),
  });
}
