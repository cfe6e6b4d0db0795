/**
 * What an event counts as: a page view or not. The rules are those of the field's tools (README.md says which rule
 * comes from where); they read the event alone, so that the order of events never matters.
 */
import type { TrackingEvent } from './event.ts';

export interface EventClass {
  /** The path of the page that was viewed; undefined when the event is no page view. */
  readonly page: string | undefined;
  /** HTTP status of a request. */
  readonly status: number | undefined;
}

export function classify(event: TrackingEvent): EventClass {
  const status = event.type === 'request' ? event.context?.response?.status : undefined;
  return { page: pageOf(event), status };
}

/** Extensions of what is no page: parts of pages, feeds and data, downloads. */
const notPages = new Set(
  (
    'css js mjs map json xml xsl rss atom txt csv ico png jpg jpeg gif bmp svg svgz webp avif tif tiff ' +
    'woff woff2 ttf otf eot swf class mp3 m4a ogg oga wav flac mp4 m4v webm ogv avi mov mkv wmv ' +
    'pdf ps eps doc docx odt xls xlsx ods ppt pptx odp zip gz tgz bz2 xz zst 7z rar tar jar war iso dmg ' +
    'exe msi deb rpm apk bin wasm pyc so dll'
  ).split(' '),
);

function pageOf(event: TrackingEvent): string | undefined {
  const path = pathOf(event);
  if (event.type === 'page') return path ?? '/';
  if (event.type !== 'request' || path === undefined) return undefined;
  const { request, response } = event.context ?? {};
  if (request?.method !== 'GET' && request?.method !== 'POST') return undefined;
  if (response?.status !== 200 && response?.status !== 304) return undefined;
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
  return extension !== undefined && notPages.has(extension) ? undefined : path;
}

function pathOf(event: TrackingEvent): string | undefined {
  const { path, url } = event.context?.page ?? {};
  if (path !== undefined) return path;
  return url !== undefined && URL.canParse(url) ? new URL(url).pathname : undefined;
}
