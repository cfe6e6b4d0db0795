/** Debezium's geometric structures as PostgreSQL writes its own types, and as PostGIS reads Well-Known Binary. */
import { isObject, type Json, type JsonObject } from '../events/lossless-json.ts';

type Point = readonly [x: number, y: number];

/** Undefined for what is no geometry. `type` is PostgreSQL's name of the column's type. */
export function geometryText(type: string, json: JsonObject): string | undefined {
  const { x, y, a, b, c, center, radius, wkb, srid } = json;
  if (type === 'point' && x !== undefined && y !== undefined) return `(${plain(x)},${plain(y)})`;
  if (type === 'line' && a !== undefined) return `{${plain(a)},${plain(b)},${plain(c)}}`;
  if (type === 'circle' && isObject(center)) {
    return `<(${plain(center['x'])},${plain(center['y'])}),${plain(radius)}>`;
  }
  if (typeof wkb !== 'string') return undefined;
  const bytes = Buffer.from(wkb, 'base64');
  if (type === 'geometry' || type === 'geography') return extendedHex(bytes, typeof srid === 'number' ? srid : 0);
  const points = pointsOf(bytes);
  const isClosed = isObject(json['extensions']) && String(json['extensions']['closed']) === 'true';
  const list = (some: readonly Point[]): string => some.map(([px, py]) => `(${plain(px)},${plain(py)})`).join(',');
  switch (type) {
    case 'lseg':
      return `[${list(points)}]`;
    case 'path':
      return isClosed ? `(${list(points.slice(0, -1))})` : `[${list(points)}]`;
    case 'polygon':
      return `(${list(points.slice(0, -1))})`;
    case 'box': {
      const xs = points.map(([px]) => px);
      const ys = points.map(([, py]) => py);
      return `(${Math.max(...xs)},${Math.max(...ys)}),(${Math.min(...xs)},${Math.min(...ys)})`;
    }
    default:
      return undefined;
  }
}

function plain(json: Json | undefined): string {
  return Object.is(json, -0) ? '-0' : String(json);
}

/** Points of a point, of a line string, or of a polygon's first ring. */
function pointsOf(wkb: Buffer): Point[] {
  const isLittle = wkb[0] === 1;
  const word = (at: number): number => (isLittle ? wkb.readUInt32LE(at) : wkb.readUInt32BE(at));
  const double = (at: number): number => (isLittle ? wkb.readDoubleLE(at) : wkb.readDoubleBE(at));
  const kind = word(1) & 0xff;
  if (kind === 1) return [[double(5), double(13)]];
  const countAt = kind === 3 ? 9 : 5;
  return Array.from({ length: word(countAt) }, (_, index) => {
    const at = countAt + 4 + index * 16;
    return [double(at), double(at + 8)] as const;
  });
}

/** PostGIS's Well-Known Binary has the reference system behind the type. */
function extendedHex(wkb: Buffer, srid: number): string {
  if (srid === 0) return wkb.toString('hex');
  const head = Buffer.alloc(9);
  const isLittle = wkb[0] === 1;
  head[0] = wkb[0] ?? 1;
  if (isLittle) {
    head.writeUInt32LE((wkb.readUInt32LE(1) | 0x20000000) >>> 0, 1);
    head.writeUInt32LE(srid, 5);
  } else {
    head.writeUInt32BE((wkb.readUInt32BE(1) | 0x20000000) >>> 0, 1);
    head.writeUInt32BE(srid, 5);
  }
  return Buffer.concat([head, wkb.subarray(5)]).toString('hex');
}
