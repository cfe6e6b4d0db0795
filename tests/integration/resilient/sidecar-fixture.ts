/** Sidecars of one test, beside a config service, and the foreign clients that use them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConfigWant } from '@millrace/api/config';
import { type Client, createClient } from '@millrace/client';
import { type Sidecar, type SidecarOptions, startSidecar } from '@millrace/resilient/sidecar';
import { type ResilientFixture, startResilientFixture } from './resilient-fixture.ts';

export const application = 'shop';

export interface SidecarFixture extends ResilientFixture {
  start(wants: readonly ConfigWant[], options?: Partial<SidecarOptions>): Promise<Sidecar>;
  /** A client of ours that knows the sidecar alone. */
  connect(sidecar: Sidecar, secret?: string): Promise<Client>;
}

export async function startSidecarFixture(t: TestContext): Promise<SidecarFixture> {
  const fixture = await startResilientFixture(t);
  const parts: AsyncDisposable[] = [];
  t.after(async () => {
    await Promise.allSettled(parts.map((each) => each[Symbol.asyncDispose]()));
  });
  return {
    ...fixture,
    async start(wants, options = {}) {
      const { service, directory, events } = fixture;
      const report: SidecarOptions['report'] = (event) => void events.push(event);
      const given = { enrolment: service.enrolment(), directory, wants, report, drainTimeoutMs: 5_000 };
      const sidecar = await startSidecar({ ...given, ...options });
      parts.push(sidecar);
      return sidecar;
    },
    async connect(sidecar, secret) {
      const password = secret ?? (await secretOf(sidecar));
      const sasl = { mechanism: 'PLAIN', username: application, password } as const;
      const client = createClient({ bootstrap: sidecar.bootstrap, security: { sasl } });
      parts.push(client);
      return client;
    },
  };
}

export async function secretOf(sidecar: Sidecar): Promise<string> {
  return (await readFile(join(sidecar.programDirectory, 'secret'), 'utf8')).trim();
}

export const produces = (topic: string): ConfigWant => ({ topic, role: 'producer' });
export const consumes = (topic: string): ConfigWant => ({ topic, role: 'consumer' });

/** Settings of an answer. */
export function settingsOf(values: Record<string, string>) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, rule: 'the test' }]));
}
