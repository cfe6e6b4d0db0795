import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster, Mirror, TopicUse } from '@millrace/api/declared';
import type { Home } from './home-cluster.ts';
import { type AskedPlace, type DeclaredPlaces, stayOn } from './stays.ts';

const clusters: Cluster[] = [
  { name: 'a-new', site: 'north', bootstrap: 'a:1' },
  { name: 'm-east', site: 'south', bootstrap: 'm:1' },
];
const produces = (cluster: string, topic = 'orders'): TopicUse => ({ cluster, topic, role: 'producer' });

function declared(uses: readonly TopicUse[], given: { mirrors?: Mirror[]; site?: string; home?: Home } = {}) {
  const places: DeclaredPlaces = {
    application: (name) => (name === 'shop' ? { name, team: 'web', uses: [...uses] } : undefined),
    cluster: (name) => {
      const known = clusters.find((each) => each.name === name);
      return known && name === 'a-new' && given.site !== undefined ? { ...known, site: given.site } : known;
    },
    mirrors: given.mirrors ?? [],
    home: () => given.home,
  };
  return places;
}

function asked(given: Partial<AskedPlace> = {}): AskedPlace {
  return { application: 'shop', topic: 'orders', role: 'producer', site: '', staysOn: null, ...given };
}

const one = declared([produces('m-east')]);
const both = declared([produces('m-east'), produces('a-new')]);

test('who is on a cluster stays there when another is declared, and goes with the use of it', () => {
  assert.equal(stayOn(asked(), one, both), 'm-east');
  assert.equal(stayOn(asked({ site: 'north' }), one, both), 'm-east');
  assert.equal(stayOn(asked({ staysOn: 'm-east' }), both, both), 'm-east');
  assert.equal(stayOn(asked({ staysOn: 'm-east' }), both, declared([produces('a-new')])), null);
  assert.equal(stayOn(asked(), one, declared([produces('a-new')])), null, 'it declares that use no more');
  assert.equal(
    stayOn(asked(), one, declared([produces('m-e'), produces('a-new', 'ord*'), produces('m-east', '*')])),
    'm-east',
  );
});

test('nothing is kept where declarations say the same as before, or said nothing', () => {
  assert.equal(stayOn(asked({ site: 'south' }), one, both), null);
  assert.equal(stayOn(asked(), both, both), null);
  assert.equal(stayOn(asked(), declared([]), both), null);
  assert.equal(stayOn(asked({ application: 'other' }), one, both), null);
  const home = { cluster: 'm-east', generation: 1, groups: {} };
  assert.equal(
    stayOn(asked(), declared([produces('m-east')], { home }), declared([produces('a-new')], { home })),
    null,
  );
});

test('a mirror that is declared, and a cluster whose site is another now, send nobody elsewhere', () => {
  const mirrors = [{ name: 'm', source: 'm-east', target: 'a-new', topics: ['orders'] }];
  const mirrored = declared([produces('m-east'), produces('a-new')], { mirrors });
  assert.equal(stayOn(asked(), both, mirrored), 'a-new');
  assert.equal(
    stayOn(asked({ site: 'north' }), both, declared([produces('m-east'), produces('a-new')], { site: 'west' })),
    null,
  );
  const near = declared([produces('m-east'), produces('a-new')], { site: 'south' });
  assert.equal(stayOn(asked({ site: 'south' }), both, near), 'm-east');
});
