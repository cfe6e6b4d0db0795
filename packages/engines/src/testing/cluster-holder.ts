/** A program that holds a cluster of three brokers, one of them paused, says where, and waits to be killed. */
import { dirname } from 'node:path';
import { kafkaForTests } from './apache-kafka.ts';

const cluster = await (await kafkaForTests()).cluster({ brokers: 3 });
cluster.pauseBroker(2);
const pids = cluster.brokers.map(({ pid }) => pid);
const directory = dirname(dirname(cluster.brokers[0]?.logFile ?? ''));
process.stdout.write(`${JSON.stringify({ pids, directory })}\n`);
setInterval(() => undefined, 60_000);
