/**
 * Who may call what `up` runs: the token of the installation, and whoever the access file lets in. Without that file
 * only this machine can call, and whoever is on it may look.
 */
import { isIPv4 } from 'node:net';
import type { DataDirectory } from '@millrace/engines';
import type { ConfiguredAccess } from '@millrace/fleet/access';
import type { ControlPlane } from '@millrace/fleet/control-plane';
import type { Authentication } from '@millrace/server';
import { UsageError } from '../framework/usage-error.ts';

export interface PlatformAccess {
  /** The installation's, for its run file. */
  readonly token: string;
  readonly settings: ConfiguredAccess;
  /** Host names under which people call, besides those of this machine. */
  readonly hosts: readonly string[];
  /** Of the control plane, where there is one. */
  authentication(plane: ControlPlane | undefined): Promise<Authentication>;
}

/** @throws UsageError, AccessFileError */
export async function platformAccess(
  options: { readonly host: string; readonly file: string | undefined },
  dataDirectory: DataDirectory,
): Promise<PlatformAccess> {
  const { file } = options;
  const token = await dataDirectory.token();
  const settings = file === undefined ? { trustedProxies: [] } : await read(file);
  const { publicUrl } = settings;
  return {
    token,
    settings,
    hosts: publicUrl === undefined ? [] : [new URL(publicUrl).hostname],
    async authentication(plane) {
      const { installedAuthentication } = await import('@millrace/server');
      const kept = plane?.access ?? { token: async () => undefined };
      return installedAuthentication(token, kept, file === undefined);
    },
  };
}

/** Beyond loopback everybody on the network could see everything. */
export function checkOpenHost(host: string, accessFile: string | undefined): void {
  if (isLoopback(host) || accessFile !== undefined) return;
  throw new UsageError(`--listen ${host} would open the platform to the network, and no authentication is configured`, {
    hint: 'Say who may call with --access FILE, or listen on a loopback address (127.0.0.1, ::1).',
  });
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

async function read(file: string): Promise<ConfiguredAccess> {
  const { readAccessFile } = await import('@millrace/fleet/access');
  return await readAccessFile(file, process.env);
}
