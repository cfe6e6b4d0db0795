/** A config service and clients of it for one test, with embedded clusters where they are wanted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConfigAnswer } from '@millrace/api/config';
import { type Client, createClient } from '@millrace/client';
import {
  openResilientClient,
  type ResilientClient,
  type ResilientClientOptions,
  type ResilientEvent,
} from '@millrace/resilient';
import { TestConfigService } from './config-service.ts';

export interface ResilientFixture {
  readonly service: TestConfigService;
  readonly events: ResilientEvent[];
  /** Of an instance that is started anew with the same directory. */
  readonly directory: string;
  newDirectory(): string;
  open(options?: Partial<ResilientClientOptions>): Promise<ResilientClient>;
}

export async function startResilientFixture(t: TestContext): Promise<ResilientFixture> {
  const service = await TestConfigService.start();
  const clients: ResilientClient[] = [];
  const directories: string[] = [];
  const events: ResilientEvent[] = [];
  const newDirectory = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-resilient-'));
    directories.push(directory);
    return directory;
  };
  const directory = newDirectory();
  t.after(async () => {
    await Promise.allSettled(clients.map((client) => client.close()));
    await service.stop();
    for (const each of directories) rmSync(each, { recursive: true, force: true });
  });
  return {
    service,
    events,
    directory,
    newDirectory,
    async open(options = {}) {
      const report = (event: ResilientEvent): void => void events.push(event);
      const client = await openResilientClient({ enrolment: service.enrolment(), directory, report, ...options });
      clients.push(client);
      return client;
    },
  };
}

/** The cluster part of an answer. */
export function clusterOf(name: string, generation = 0): ConfigAnswer['cluster'] {
  return { name, id: null, generation, rule: 'the test' };
}

/** All values of a topic, by partition and offset. */
export async function valuesOf(
  bootstrap: string,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_uncommitted',
): Promise<string[]> {
  await using client: Client = createClient({ bootstrap });
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end', isolation });
  const values: string[] = [];
  for await (const batch of consumer) for (const { value } of batch) values.push(Buffer.from(value ?? []).toString());
  return values;
}
