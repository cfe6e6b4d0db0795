/** Lines of logs: text as a shipper sends it, objects as loggers write them; counted when they have their shapes. */
import { callContract, logShapesContract } from '@millrace/api';
import type { CollectCase } from './collect-case.ts';

const linesPerRequest = 500;

/** All lines that have a shape, those of the platform itself among them, which are a few. */
async function counted(url: string): Promise<number> {
  return (await callContract(url, logShapesContract, { query: { limit: 1 } })).lines;
}

const line = (n: number): string =>
  `2026-01-05 10:00:${String(n % 60).padStart(2, '0')},${String(n).padStart(3, '0')} INFO [worker-${n % 16}] ` +
  `shop.Gateway: request ${n * 7_919} of 10.0.${n % 256}.7 ${n % 3 === 0 ? 'refused' : 'answered'} in ${n % 90} ms`;

const object = (n: number): string =>
  JSON.stringify({
    level: 'info',
    time: 1_767_607_200_000 + n,
    msg: `order ${n * 7_919} paid`,
    orderId: n,
    tookMs: n % 90,
  });

const lines = Array.from({ length: linesPerRequest }, (_, n) => n);

export const logCases: readonly CollectCase[] = [
  {
    ...{
      name: `logs, ${linesPerRequest} lines of text a request`,
      unit: 'lines',
      itemsPerRequest: linesPerRequest,
      counted,
    },
    ...{ path: '/logs?service=shop&host=a', headers: { 'content-type': 'text/plain' } },
    body: Buffer.from(lines.map(line).join('\n')),
  },
  {
    ...{
      name: `logs, ${linesPerRequest} JSON lines a request`,
      unit: 'lines',
      itemsPerRequest: linesPerRequest,
      counted,
    },
    ...{ path: '/logs?service=shop&host=a', headers: { 'content-type': 'application/x-ndjson' } },
    body: Buffer.from(lines.map(object).join('\n')),
  },
];
