/** What a broker that has just been started offers, asked over its socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '@millrace/broker';
import { apiVersions, ByteWriter, decodeResponse, encodeRequest } from '@millrace/wire';
import type { OfferedApi } from './api-table.ts';

export async function askVersions(): Promise<readonly OfferedApi[]> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-versions-'));
  try {
    await using cluster = await startCluster({ name: 'asked', dataDirectory, brokers: [{ nodeId: 1, port: 0 }] });
    const { host, port } = cluster.brokers[0] as (typeof cluster.brokers)[number];
    return await ask(host, port);
  } finally {
    await rm(dataDirectory, { recursive: true });
  }
}

async function ask(host: string, port: number): Promise<readonly OfferedApi[]> {
  const socket = connect({ host, port });
  const draft = { clientSoftwareName: 'compatibility', clientSoftwareVersion: '1' };
  for (const chunk of encodeRequest(new ByteWriter(), apiVersions, 4, 1, 'compatibility', draft).chunks) {
    socket.write(chunk);
  }
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) break;
  }
  socket.destroy();
  return decodeResponse(apiVersions, 4, received.subarray(4)).apiKeys;
}
