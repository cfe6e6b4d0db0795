/** Events of tracking in batches: page views as a browser's script sends them, of 1,000 visitors. */
import { callContract, trackingTotalsContract } from '@millrace/api';
import { type CollectCase, idMark } from './collect-case.ts';

const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export const trackingCases: readonly CollectCase[] = [1, 20, 100].map((events) => ({
  name: `tracking, ${events === 1 ? 'one event' : `${events} events`} a request`,
  unit: 'events',
  itemsPerRequest: events,
  path: '/t',
  headers: { 'content-type': 'application/json', origin: 'https://shop.example', 'user-agent': userAgent },
  body: bodyOf(events),
  counted: async (url) => {
    const { totals } = await callContract(url, trackingTotalsContract, { query: { pages: 0 } });
    return totals.events + totals.duplicates;
  },
}));

function bodyOf(events: number): Buffer {
  const batch = Array.from({ length: events }, (_, index) => ({
    type: 'page',
    messageId: `${idMark}-0000-4000-8000-${String(index).padStart(12, '0')}`,
    anonymousId: `10000000-1000-4000-8000-${String((index * 7_919) % 1_000).padStart(12, '0')}`,
    site: 'shop',
    context: {
      page: {
        url: `https://shop.example/products/${index % 50}?utm_source=news`,
        path: `/products/${index % 50}`,
        search: '?utm_source=news',
        title: 'Products',
        referrer: 'https://www.google.com/',
      },
      locale: 'en-US',
      timezone: 'Europe/Berlin',
      screen: { width: 1_920, height: 1_080, density: 1 },
      viewport: { width: 1_600, height: 900 },
      library: { name: 'millrace-t.js', version: '1' },
    },
  }));
  return Buffer.from(JSON.stringify({ batch }));
}
