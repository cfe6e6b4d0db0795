/** Records as programs write them, which compress as such things do. */

/** How many different ones there are. */
const variety = 10_000;

/** Events in JSON, of so many bytes each. */
export function eventsOf(bytes: number): string[] {
  return Array.from({ length: variety }, (_, index) => jsonOf(index, bytes));
}

function jsonOf(index: number, bytes: number): string {
  const pages = ['/', '/cart', '/search', '/product/', '/checkout'];
  const event = {
    id: (index * 2_654_435_761) % 2 ** 32,
    user: `u${(index * 7_919) % 100_003}`,
    page: `${pages[index % 5]}${(index * 31) % 977}`,
    ms: (index * 13) % 1999,
  };
  let text = JSON.stringify(event);
  for (let item = 0; text.length < bytes; item++)
    text += `,{"sku":"${(index * 17 + item * 101) % 9973}","n":${item % 7}}`;
  return text.slice(0, bytes);
}
