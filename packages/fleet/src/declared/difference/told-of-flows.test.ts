import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorView, ConnectView } from '@millrace/api/fleet';
import { aFleet } from '../testing/a-fleet.ts';
import { toldOfFlows } from './told-of-flows.ts';

const texts = (mirrors: Record<string, string[]>, connects: ConnectView[] = []): string[] =>
  toldOfFlows(aFleet(), { mirrors: new Map(Object.entries(mirrors)), connects }, () => true).map(
    ({ about, names, text }) => `${about} ${names.join()} ${text.split(':')[0]}`,
  );

function connect(connectors: Partial<ConnectorView>[], problem?: string): ConnectView {
  const some = { connect: 'sinks', type: 'sink', class: 'x', worker: '', tasks: [], config: {}, state: 'running' };
  const shown = connectors.map((each) => ({ ...some, name: 'a', declared: true, present: true, ...each }));
  const seen = { name: 'sinks', cluster: 'east', url: 'http://c:1', observedAt: '2026-01-01T00:00:00Z' };
  return { ...seen, ...(problem !== undefined && { problem }), connectors: shown };
}

test('mirrors that are declared and copied nothing are told, and those that nobody declared', () => {
  assert.deepEqual(texts({ east: [], west: ['east-west'] }), []);
  assert.deepEqual(texts({ east: ['back'], west: [] }), [
    'unmanaged mirror/back not declared, of the mirrors that copy to east',
    'unmet mirror/east-west mirror east-west has not copied anything to west yet',
  ]);
});

test('connectors that are not there, not as declared or not declared are told', () => {
  const connectors = [
    { name: 'runs', wanted: 'running' },
    { name: 'failed', state: 'failed', wanted: 'running' },
    { name: 'absent', present: false, wanted: 'running', state: '' },
    { name: 'paused', state: 'paused', wanted: 'running' },
    { name: 'stranger', declared: false },
  ];
  assert.deepEqual(texts({}, [connect(connectors)]), [
    'unmet connector/sinks/absent connector sinks/absent is not there',
    'unmet connector/sinks/paused connector sinks/paused is paused and declared to be running',
    'unmanaged connector/sinks/stranger not declared, of the connectors of sinks',
  ]);
});

test('a Connect cluster out of reach is told as that, and nothing of its connectors', () => {
  const [told] = texts({}, [connect([], 'nobody answers')]);
  assert.equal(
    told,
    'unreachable connect/sinks Kafka Connect cluster sinks is out of reach, so nothing is known of its connectors',
  );
});
