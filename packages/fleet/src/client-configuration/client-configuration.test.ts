import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientConfigurationError, parseProperties } from '@millrace/client/java-configuration';
import { clientConfiguration } from './client-configuration.ts';

test("maps Java's names to the client's settings", () => {
  const { client, producer, consumer } = clientConfiguration(
    parseProperties(
      [
        'bootstrap.servers=a:9092,b:9092',
        'client.id=x',
        'acks=all',
        'compression.type=LZ4',
        'linger.ms=5',
        'fetch.min.bytes=7',
        'auto.offset.reset=earliest',
        'security.protocol=PLAINTEXT',
      ].join('\n'),
    ),
    'client.properties',
  );
  assert.deepEqual(client, { bootstrap: 'a:9092,b:9092', clientId: 'x' });
  assert.deepEqual(producer, { acks: -1, compression: 'lz4', lingerMs: 5 });
  assert.deepEqual(consumer, { fetchBytesMin: 7, from: 'earliest' });
});

test('groups and transactions are read as the file says', () => {
  const assignors = ['CooperativeStickyAssignor', 'RangeAssignor'].map(
    (each) => `org.apache.kafka.clients.consumer.${each}`,
  );
  const text = [
    'isolation.level=read_committed',
    'group.protocol=CONSUMER',
    'group.remote.assignor=uniform',
    `partition.assignment.strategy=${assignors.join(', ')}`,
    'enable.metrics.push=false',
    'connections.max.idle.ms=60000',
  ].join('\n');
  const { client, consumer } = clientConfiguration(parseProperties(text), 'f');
  assert.deepEqual(consumer, {
    isolation: 'read_committed',
    protocol: 'consumer',
    serverAssignor: 'uniform',
    assignor: ['cooperative-sticky', 'range'],
  });
  assert.deepEqual(client, { telemetry: false, connectionIdleMaxMs: 60_000 });
});

test('passes over what means nothing here', () => {
  const text =
    'key.serializer=x\nvalue.deserializer=y\ngroup.id=payments\nenable.auto.commit=false\nmetric.reporters=z';
  assert.deepEqual(clientConfiguration(parseProperties(text), 'f'), { client: {}, producer: {}, consumer: {} });
});

function refuses(text: string, message: RegExp): void {
  assert.throws(
    () => clientConfiguration(parseProperties(text), 'my.properties'),
    (error) => {
      assert.ok(error instanceof ClientConfigurationError);
      assert.match(error.message, message);
      return true;
    },
  );
}

test('names every key that it does not support', () => {
  refuses(
    'sasl.kerberos.service.name=kafka\nacks=1\nssl.provider=x\nconstructor=1',
    /^my\.properties: not supported: sasl\.kerberos\.service\.name, ssl\.provider, constructor$/,
  );
});

test('names a value that does not fit', () => {
  refuses('linger.ms=soon', /^my\.properties: linger\.ms: 'soon' is not a whole number$/);
  refuses('partition.assignment.strategy=org.example.Mine', /'org\.example\.Mine' is none of /);
  refuses('acks=2', /^my\.properties: acks: '2' is none of /);
});
