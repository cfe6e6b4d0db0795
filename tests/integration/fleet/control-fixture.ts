/** A control plane over a database of a test's own; several over one database are several processes to each other. */
import type { Principal } from '@millrace/api';
import { nodePlatform } from '@millrace/base';
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from '@millrace/fleet/control-plane';
import { type Database, openDatabase } from '@millrace/fleet/database';

export interface TestControl extends AsyncDisposable {
  readonly database: Database;
  readonly control: ControlPlane;
  /** What it told of the background. */
  readonly reports: readonly string[];
}

export async function openTestControl(
  url: string,
  options: Partial<Omit<ControlPlaneOptions, 'database' | 'platform' | 'report'>> = {},
): Promise<TestControl> {
  const reports: string[] = [];
  const report = (message: string): void => void reports.push(message);
  const database = await openDatabase({ url, report });
  const control = await openControlPlane({ ...options, database, platform: nodePlatform, report });
  return {
    ...{ database, control, reports },
    async [Symbol.asyncDispose]() {
      await control.close();
      await database.close();
    },
  };
}

export const admin: Principal = { kind: 'user', name: 'ann', role: 'admin', teams: [] };
export const viewer: Principal = { kind: 'user', name: 'vic', role: 'viewer', teams: [] };
