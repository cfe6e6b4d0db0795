// Millrace's tracking script: <script src="https://collector/t.js" data-site="shop" async></script>
// millrace('page' | 'track' | 'identify' | 'reset' | 'consent' | 'id', ...); calls before it has loaded wait in
// millrace.q. With data-consent="required" nothing is sent or stored before millrace('consent', true).
{
  const script = document.currentScript;
  const endpoint = new URL('/t', script.src).href;
  const site = script.dataset.site || location.hostname || undefined;
  const early = window.millrace?.q ?? [];
  let last = document.referrer;
  let shown;
  let userId;
  let queue = [];
  // Events that wait for consent.
  const waitingMost = 100;

  // What the person asked of the browser: Global Privacy Control, or the older Do Not Track.
  const isPrivate = navigator.globalPrivacyControl === true || navigator.doNotTrack === '1';
  const uuid = () =>
    '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) =>
      (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
    );

  // Kept in this site's own storage; for this page alone where that is refused, by the browser or by the person.
  const stored = (work) => {
    try {
      return work(localStorage);
    } catch {
      return undefined;
    }
  };
  const said = stored((storage) => storage.getItem('millrace.consent'));
  let isRefused = said === 'refused';
  let hasConsent = !isRefused && (said === 'given' || script.dataset.consent !== 'required');
  let visitor;
  const who = () => {
    if (visitor) return visitor;
    visitor = (!isPrivate && stored((storage) => storage.getItem('millrace.id'))) || uuid();
    if (!isPrivate) stored((storage) => storage.setItem('millrace.id', visitor));
    return visitor;
  };

  const flush = () => {
    const batch = queue;
    if (!batch.length || !hasConsent) return;
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
    if (isRefused || (!hasConsent && queue.length >= waitingMost)) return;
    const event = {
      type,
      messageId: uuid(),
      anonymousId: hasConsent ? who() : undefined,
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
      doNotTrack: navigator.doNotTrack === '1' || undefined,
      globalPrivacyControl: navigator.globalPrivacyControl || undefined,
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
    // Somebody else uses this browser from now on.
    reset: () => {
      userId = undefined;
      visitor = undefined;
      stored((storage) => storage.removeItem('millrace.id'));
    },
    consent: (isGiven) => {
      stored((storage) => storage.setItem('millrace.consent', isGiven ? 'given' : 'refused'));
      isRefused = !isGiven;
      hasConsent = isGiven;
      if (isGiven) {
        for (const event of queue) event.anonymousId ??= who();
        return flush();
      }
      queue = [];
      commands.reset();
    },
    id: () => (hasConsent ? who() : undefined),
  };
  window.millrace = (command, ...args) => commands[command]?.(...args);
  page();
  for (const call of early) window.millrace(...call);
}
