/** A registry over HTTP, on an embedded cluster of its own, for one test; all of it goes when the test ends. */
import type { TestContext } from 'node:test';
import { openRegistry, type Registry, registryRoutes } from '@millrace/registry';
import { type HttpServer, startServer } from '@millrace/server';
import { type Fixture, startFixture } from '../client/client-fixture.ts';

export interface RegistryFixture {
  readonly kafka: Fixture;
  readonly registry: Registry;
  readonly url: string;
  /** Asks the registry: the status and the JSON of its answer. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Another registry process' worth of the same cluster. */
  another(): Promise<{ readonly registry: Registry; readonly url: string }>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any;
}

export async function startRegistry(t: TestContext): Promise<RegistryFixture> {
  const opened: { readonly registry: Registry; readonly server: HttpServer }[] = [];
  // Before the cluster goes, whose end is registered later.
  t.after(async () => {
    for (const each of opened) {
      await each.server.close();
      await each.registry.close();
    }
  });
  const kafka = await startFixture(t);
  const another = async () => {
    const registry = openRegistry({ home: kafka.client, warn: (message) => t.diagnostic(message) });
    const server = await startServer({ port: 0, routes: registryRoutes(registry) });
    opened.push({ registry, server });
    return { registry, url: server.url };
  };
  const { registry, url } = await another();
  return { kafka, registry, url, another, ask: (method, path, body) => ask(url, method, path, body) };
}

/** Asks a registry by its address. */
export async function ask(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    }),
  });
  return { status: answer.status, json: await answer.json() };
}
