import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kafkaSource } from './kafka-source.ts';

test('the cache is where MILLRACE_CACHE says, else below XDG_CACHE_HOME, else in the home directory', () => {
  const cacheOf = (environment: Record<string, string>): string => kafkaSource(environment).cacheDirectory;
  assert.equal(cacheOf({ MILLRACE_CACHE: '/fast', XDG_CACHE_HOME: '/caches' }), '/fast');
  assert.equal(cacheOf({ XDG_CACHE_HOME: '/caches' }), '/caches/millrace');
  assert.match(cacheOf({ MILLRACE_CACHE: '' }), /\/\.cache\/millrace$/);
});

test('an installed Kafka, a running one and Java come from the environment, empty values being none', () => {
  const { home, bootstrap, javaHome } = kafkaSource({
    KAFKA_HOME: '/opt/kafka',
    MILLRACE_TEST_BOOTSTRAP: 'broker:9092',
    JAVA_HOME: '',
  });
  assert.deepEqual([home, bootstrap, javaHome], ['/opt/kafka', 'broker:9092', undefined]);
});
