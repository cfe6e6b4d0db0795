/**
 * The subject of a certificate as RFC 2253 writes it and as Java's `X500Principal.getName()` does to the letter, since
 * that is what Kafka makes its principals of: most specific part first, `CN=alice,OU=data,O=PayPal`.
 *
 * Reads the DER of a certificate that OpenSSL has accepted already; it checks nothing else of it.
 */
const keywords: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
]);

const sequence = 0x30;
const tagVersion = 0xa0;
/** Encodings of text by their tags: UTF8String, PrintableString, T61String, IA5String, GeneralString, BMPString. */
const decoders: ReadonlyMap<number, (bytes: Buffer) => string> = new Map([
  [0x0c, (bytes: Buffer) => bytes.toString('utf8')],
  [0x13, (bytes: Buffer) => bytes.toString('latin1')],
  [0x14, (bytes: Buffer) => bytes.toString('latin1')],
  [0x16, (bytes: Buffer) => bytes.toString('latin1')],
  [0x1b, (bytes: Buffer) => bytes.toString('latin1')],
  [0x1e, (bytes: Buffer) => Buffer.from(bytes).swap16().toString('utf16le')],
]);

/** One DER value: its tag, its content, and all of it. */
interface Der {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** The subject of a certificate in DER. Throws when it is not plain DER, which OpenSSL does not insist on. */
export function subjectOf(certificate: Buffer): string {
  const [signed] = children(only(certificate));
  require(signed !== undefined, 'a certificate has a signed part');
  const fields = children(signed.content);
  // Version (absent in version 1), serial number, algorithm, issuer, validity, subject.
  const subject = fields[fields[0]?.tag === tagVersion ? 5 : 4];
  require(subject?.tag === sequence, 'a certificate has a subject');
  return children(subject.content).reverse().map(relativeName).join(',');
}

/** A part of the name, which is several attributes in rare cases. */
function relativeName({ content }: Der): string {
  return children(content).map(attribute).join('+');
}

function attribute({ content }: Der): string {
  const [type, value] = children(content);
  require(type !== undefined && value !== undefined, 'an attribute of a name has a type and a value');
  const id = objectId(type.content);
  const keyword = keywords.get(id);
  const decode = decoders.get(value.tag);
  if (keyword === undefined || decode === undefined) return `${keyword ?? id}=#${value.whole.toString('hex')}`;
  return `${keyword}=${escaped(decode(value.content))}`;
}

function escaped(text: string): string {
  return text
    .replace(/[,=+<>#;"\\]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replace(/^ +| +$/g, (spaces) => '\\ '.repeat(spaces.length));
}

function objectId(bytes: Buffer): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (numbers.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      numbers.push(first, value - first * 40);
    } else numbers.push(value);
    value = 0;
  }
  return numbers.join('.');
}

function only(bytes: Buffer): Buffer {
  const [value] = children(bytes);
  require(value?.tag === sequence, 'a certificate is a sequence');
  return value.content;
}

function children(bytes: Buffer): Der[] {
  const values: Der[] = [];
  for (let start = 0; start < bytes.length; ) {
    let position = start + 2;
    let length = bytes[start + 1] ?? 0;
    if (length >= 0x80) {
      const digits = length - 0x80;
      require(digits > 0 && digits <= 4 && position + digits <= bytes.length, 'a DER length is whole');
      length = bytes.readUIntBE(position, digits);
      position += digits;
    }
    const end = position + length;
    require(end <= bytes.length, 'a DER value is whole');
    const whole = bytes.subarray(start, end);
    values.push({ tag: bytes[start] as number, content: bytes.subarray(position, end), whole });
    start = end;
  }
  return values;
}

function require(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`the certificate can't be read: ${rule}`);
}
