/**
 * The status page: shows what the event stream tells, and never asks for it. Everything from outside becomes text,
 * never markup.
 */
const opened = performance.timeOrigin;
const numbers = new Intl.NumberFormat('en-US');
const find = (id) => document.getElementById(id);

const views = {
  platform: showPlatform,
  tracking: showTracking,
  'tracking.recent': showRecent,
  'logs.alerts': showAlerts,
};

connect();
window.addEventListener('load', () => {
  if (find('visit') !== null && window.millrace === undefined)
    tellVisit('lost', 'The collector did not hand out its script; is its port open?');
});

function connect() {
  const events = new EventSource('/api/v1/events');
  events.addEventListener('open', () => tellLive('live', 'live'));
  events.addEventListener('error', () => {
    tellLive('lost', 'connection lost; trying again');
    if (events.readyState === EventSource.CLOSED) void askWhy();
  });
  events.addEventListener('snapshot', (event) => {
    for (const [name, value] of Object.entries(JSON.parse(event.data).values)) views[name]?.(value);
  });
  events.addEventListener('change', (event) => {
    const { name, value } = JSON.parse(event.data);
    views[name]?.(value);
  });
}

/** A server that lets nobody in unknown says so, and a browser does not ask again by itself. */
async function askWhy() {
  const { status } = await fetch('/api/v1/me').catch(() => ({ status: 0 }));
  if (status !== 401) return setTimeout(connect, 5_000);
  find('live').replaceChildren(element('a', { href: '/api/v1/login?returnTo=/' }, 'log in to see it'));
}

function tellLive(state, text) {
  find('live').dataset.state = state;
  find('live').textContent = text;
}

function tellVisit(state, text) {
  find('visit').dataset.state = state;
  find('visit-text').textContent = text;
}

function showTracking({ complete, totals }) {
  find('complete').textContent = complete ? '' : 'still counting what the topic holds';
  for (const place of document.querySelectorAll('[data-count]')) {
    place.textContent = numbers.format(totals[place.dataset.count]);
  }
  const rows = totals.pages.map(({ path, views: count }) =>
    element('li', {}, [
      element('span', { class: 'what' }, path),
      element('span', { class: 'count' }, numbers.format(count)),
    ]),
  );
  fill('pages', rows);
}

function showRecent(recent) {
  const own = window.millrace?.('id')?.slice(0, 12);
  const rows = recent.map((event) => {
    const at = new Date(event.receivedAt);
    return element('li', {}, [
      element('time', { datetime: event.receivedAt }, at.toLocaleTimeString('en-GB')),
      element('span', { class: 'type' }, event.type),
      element('span', { class: 'what', title: event.path ?? '' }, event.what),
      event.visitor === own
        ? element('span', { class: 'you' }, 'you')
        : element('span', { class: 'count' }, event.site),
    ]);
  });
  fill('recent', rows);
  if (own === undefined || find('visit')?.dataset.state !== 'waiting') return;
  const mine = recent.find((event) => event.visitor === own && Date.parse(event.receivedAt) >= opened);
  if (mine === undefined) return;
  const milliseconds = Math.round(performance.now());
  tellVisit(
    'seen',
    `Your page view was stored in the topic tracking.events, read back and counted, ` +
      `${numbers.format(milliseconds)} ms after you opened this page.`,
  );
}

function showAlerts(alerts) {
  const rows = alerts.map(({ kind, time, text, labels, count, perMinute }) =>
    element('li', {}, [
      element('time', { datetime: time }, new Date(time).toLocaleTimeString('en-GB')),
      element('span', { class: 'type' }, kind),
      element('span', { class: 'what', title: text }, text),
      element('span', { class: 'count' }, `${labels.service ?? ''} ${numbers.format(perMinute ?? count)}`),
    ]),
  );
  fill('alerts', rows);
}

function showPlatform({ version, clusters }) {
  find('version').textContent = version;
  const shown = clusters.map((cluster) => {
    const state = cluster.stale
      ? `not answering since ${new Date(cluster.observedAt).toLocaleTimeString('en-GB')}`
      : 'up';
    const brokers = cluster.brokers.map((broker) => element('span', {}, `${broker.host}:${broker.port}`));
    const topics = cluster.topics.map((topic) =>
      element('tr', {}, [
        element('td', {}, topic.name),
        element('td', { class: 'number' }, numbers.format(topic.partitions)),
        element('td', { class: 'number' }, topic.records === null ? '–' : numbers.format(topic.records)),
      ]),
    );
    const head = element('tr', {}, [
      element('th', {}, 'topic'),
      element('th', { class: 'number' }, 'partitions'),
      element('th', { class: 'number' }, 'records'),
    ]);
    return element('div', { class: 'cluster', 'data-state': cluster.stale ? 'stale' : 'up' }, [
      element('h3', {}, [element('span', {}, cluster.name), element('span', { class: 'state' }, state)]),
      element('p', { class: 'addresses' }, brokers),
      topics.length === 0
        ? element('p', { class: 'empty' }, 'no topics yet')
        : element('table', {}, [element('thead', {}, [head]), element('tbody', {}, topics)]),
    ]);
  });
  find('clusters').replaceChildren(...shown);
}

function fill(id, rows) {
  find(id).replaceChildren(...(rows.length > 0 ? rows : [element('li', { class: 'empty' }, 'none yet')]));
}

function element(name, attributes, content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.replaceChildren(...[content].flat());
  return made;
}
