import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretPlaces } from './secret-places.ts';

test('texts are secrets by the name that they have, or by what they look like', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIE';
  const value = {
    client: { 'sasl.password': 'hunter2', 'ssl.keystore.location': '/etc/keys' },
    config: { 'database.password': 'x', 'aws.secret.access.key': 'y', 'connection.url': 'jdbc:pg://u:pw@host/db' },
    list: [{ note: key }, { 'sasl.jaas.config': 'Login required username="a" password="b";' }],
    token: 'abc',
    apiKey: 'abc',
  };
  assert.deepEqual(secretPlaces(value), [
    '/client/sasl.password',
    '/config/database.password',
    '/config/aws.secret.access.key',
    '/config/connection.url',
    '/list/0/note',
    '/list/1/sasl.jaas.config',
    '/token',
    '/apiKey',
  ]);
});

test('references to secrets are none, nor is what speaks of them', () => {
  const value = {
    'sasl.password': 'env:PASSWORD',
    'ssl.key.password': 'file:/run/secret',
    'connection.password': '${' + 'file:/etc/pg.properties:password}',
    'sasl.oauthbearer.token.endpoint.url': 'https://login.example/token',
    password: '',
    'password.encoder.type': 'none',
    description: 'Rotates the password of every application, and its tokens',
    publicKey: '-----BEGIN PUBLIC KEY-----',
    tokens: 3,
    hasSecret: true,
  };
  assert.deepEqual(secretPlaces(value), []);
});
