// Millrace's tracking script: <script src="https://collector/t.js" data-site="shop" async></script>
// millrace('page' | 'track' | 'identify' | 'id', ...); calls before it has loaded wait in millrace.q.
{
  const script = document.currentScript;
  const endpoint = new URL('/t', script.src).href;
  const site = script.dataset.site || location.hostname || undefined;
  const early = window.millrace?.q ?? [];
  let last = document.referrer;
  let shown;
  let userId;
  let queue = [];

  const uuid = () =>
    '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) =>
      (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
    );

  // Kept in this site's own storage; for this page alone where that is refused, by the browser or by the person (GPC).
  const visitor = (() => {
    try {
      if (navigator.globalPrivacyControl) return uuid();
      const known = localStorage.getItem('millrace.id') || uuid();
      localStorage.setItem('millrace.id', known);
      return known;
    } catch {
      return uuid();
    }
  })();

  const flush = () => {
    const batch = queue;
    if (!batch.length) return;
    queue = [];
    const body = JSON.stringify({ sentAt: new Date().toISOString(), batch });
    if (!navigator.sendBeacon?.(endpoint, body)) {
      fetch(endpoint, {
        method: 'POST',
        body,
        keepalive: body.length < 60000,
        mode: 'cors',
        credentials: 'omit',
      }).catch(() => undefined);
    }
  };

  const add = (type, fields) => {
    const event = {
      type,
      messageId: uuid(),
      anonymousId: visitor,
      userId,
      site,
      timestamp: new Date().toISOString(),
      ...fields,
    };
    event.context = {
      page: {
        url: location.href,
        path: location.pathname,
        search: location.search,
        title: document.title.slice(0, 1000),
        referrer: last,
      },
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
      viewport: { width: innerWidth, height: innerHeight },
      library: { name: 'millrace-t.js', version: '1' },
    };
    if (queue.push(event) === 1) setTimeout(flush);
  };

  const page = (properties) => {
    add('page', { properties });
    shown = location.href.split('#')[0];
    last = location.href;
  };

  // A single-page application changes the address without loading; its title follows a moment later.
  const moved = () =>
    setTimeout(() => {
      if (location.href.split('#')[0] !== shown) page();
    }, 50);
  for (const name of ['pushState', 'replaceState']) {
    const original = history[name];
    history[name] = function (...args) {
      original.apply(this, args);
      moved();
    };
  }
  addEventListener('popstate', moved);
  addEventListener('pagehide', flush);

  const commands = {
    page,
    track: (event, properties) => add('track', { event, properties }),
    identify: (id, traits) => {
      userId = id;
      add('identify', { traits });
    },
    id: () => visitor,
  };
  window.millrace = (command, ...args) => commands[command]?.(...args);
  page();
  for (const call of early) window.millrace(...call);
}
