/** The suite of graphs on an Aerospike server; `aerospike-records.aerospike.test.ts` says how to name one. */
import { test } from 'node:test';
import { openAerospikeRecords } from '../records/aerospike/aerospike-records.ts';
import { runSuite } from '../records/testing/suite.ts';
import { graphs } from './testing/graph-suite.ts';

const host = process.env['AEROSPIKE_HOST'];
const how =
  'needs Aerospike, a server and its client: npm install --no-save --ignore-scripts aerospike, ' +
  'then AEROSPIKE_HOST=HOST:PORT node tools/test.ts packages/store';

if (host === undefined) {
  test('graphs in Aerospike', { skip: how }, () => undefined);
} else {
  runSuite(
    {
      name: `graphs in Aerospike on ${host}`,
      namespace: process.env['AEROSPIKE_NAMESPACE'] ?? 'test',
      open: () => openAerospikeRecords({ hosts: host.includes(':') ? host : `${host}:3000` }),
    },
    [graphs],
  );
}
