/**
 * A control plane over PostgreSQL and secured clusters: its API over HTTP, as an admin or somebody else, and everything
 * that it ever said or stored, to be searched.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type CallInput, type Contract, callContract, type Principal, type Route } from '@millrace/api';
import type { KindName, Spec } from '@millrace/api/declared';
import { getOperationContract, type OperationDetail } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import type { ClientOptions } from '@millrace/client';
import { type ControlPlane, openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import { startServer } from '@millrace/server';
import type { Static } from 'typebox';
import { eventually } from '../../support/eventually.ts';
import { dumpDatabase } from './dump-database.ts';

export interface IdentityFixture extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly url: string;
  readonly token: string;
  readonly directory: string;
  /** Declares a cluster that is reached so; undefined takes it out again. */
  attach(name: string, client: ClientOptions | undefined): Promise<void>;
  declare<K extends KindName>(kind: K, id: string, spec: Spec<K> | null): Promise<void>;
  call<C extends Contract>(contract: C, input: CallInput<C>): Promise<Static<C['response']>>;
  /** From here on, who calls. */
  become(principal: Principal): void;
  /** Resolves when an operation is done; rejects with why it is not. */
  done(operation: string): Promise<OperationDetail>;
  /** Everything in the database, and everything that was reported. */
  everythingKept(): Promise<string>;
  /** The bodies of all answers. */
  readonly answers: readonly string[];
}

export const admin: Principal = { kind: 'user', name: 'root', role: 'admin', teams: [] };

export async function startIdentityFixture(databaseUrl: string): Promise<IdentityFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-identity-'));
  const database = await openDatabase({ url: databaseUrl });
  const reports: string[] = [];
  const report = (message: string): void => void reports.push(message);
  const ownClusters = new Map<string, ClientOptions>();
  const plane = await openControlPlane({
    ...{ database, platform: nodePlatform, report, ownClusters },
    keyDirectory: join(directory, 'keys'),
    limits: { backoffMs: 50 },
  });
  let principal = admin;
  const asCaller = (route: Route): Route => ({
    contract: route.contract,
    handle: (request) => route.handle({ ...request, principal }),
  });
  const token = randomUUID();
  const routes = plane.routes.map(asCaller);
  const server = await startServer({ port: 0, token, routes, onFailure: ({ error }) => report(inspect(error)) });
  const answers: string[] = [];
  const call: IdentityFixture['call'] = async (contract, input) => {
    const answer = await callContract(server.url, contract, input, { token });
    answers.push(JSON.stringify(answer));
    return answer;
  };
  const declare: IdentityFixture['declare'] = async (kind, id, spec) => {
    await plane.record.change([{ kind, id, spec } as never], { principal: admin, why: 'as the test has it' });
  };
  return {
    ...{ plane, url: server.url, token, directory },
    async attach(name, client) {
      if (client === undefined) return await declare('cluster', name, null);
      ownClusters.set(name, client);
      await declare('cluster', name, { name, bootstrap: [client.bootstrap].flat().join(',') });
    },
    declare,
    call,
    become(other) {
      principal = other;
    },
    done: (id) => doneOperation(() => call(getOperationContract, { params: { id }, query: {} })),
    answers,
    everythingKept: async () => `${reports.join('\n')}\n${await dumpDatabase(databaseUrl)}`,
    async [Symbol.asyncDispose]() {
      await server.close();
      await plane.close();
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function doneOperation(look: () => Promise<OperationDetail>): Promise<OperationDetail> {
  let detail = await look();
  const ended = async (): Promise<boolean> => {
    detail = await look();
    if (detail.state === 'failed') throw new Error(`${detail.title}: ${detail.failure?.message}`);
    return detail.state === 'done';
  };
  await eventually(ended, {
    timeoutMs: 60_000,
    describe: () => `${detail.title} is ${detail.state} and did not end`,
  });
  return detail;
}
