/**
 * The suite on an Aerospike server. Which one is told by AEROSPIKE_HOST (HOST or HOST:PORT) and AEROSPIKE_NAMESPACE
 * (`test` by default); its namespace must allow times to live (`nsup-period`, or `allow-ttl-without-nsup`). A run takes
 * some 150 sets of the 4,095 that a namespace may ever have.
 */
import { test } from 'node:test';
import { collections } from '../testing/collections.ts';
import { lifetimes } from '../testing/lifetimes.ts';
import { manyRecords } from '../testing/many-records.ts';
import { scalarOperations } from '../testing/scalar-operations.ts';
import { singleRecords } from '../testing/single-records.ts';
import { runSuite } from '../testing/suite.ts';
import { openAerospikeRecords } from './aerospike-records.ts';

const host = process.env['AEROSPIKE_HOST'];
const how =
  'needs Aerospike, a server and its client: npm install --no-save --ignore-scripts aerospike, ' +
  'then AEROSPIKE_HOST=HOST:PORT node tools/test.ts packages/store';

if (host === undefined) {
  test('records in Aerospike', { skip: how }, () => undefined);
} else {
  runSuite(
    {
      name: `Aerospike on ${host}`,
      namespace: process.env['AEROSPIKE_NAMESPACE'] ?? 'test',
      open: () => openAerospikeRecords({ hosts: host.includes(':') ? host : `${host}:3000` }),
    },
    [singleRecords, lifetimes, scalarOperations, collections, manyRecords],
  );
}
